//! Filters of what is read from a venue: lists without repeats, and small enough for a URL.

use std::collections::HashSet;
use std::fmt;

use jiff::Timestamp;

use super::violations::Violations;
use crate::domain::settlement::VenueStatus;
use crate::domain::transfer::TransferStatus;
use crate::grpc::page_token::Filter;
use crate::grpc::pb;
use crate::upstream::id_runs;

impl Violations {
    /// Reads a list of texts, none of which may be there twice.
    pub fn each<'a, T, E: fmt::Display>(
        &mut self,
        field: &str,
        texts: &'a [String],
        max: usize,
        parse: impl Fn(&'a str) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        if !self.count(field, texts.len(), 0, max) {
            return None;
        }
        let mut seen = HashSet::new();
        let mut read = Vec::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            if !seen.insert(text) {
                self.add(format_args!("{field}[{index}]"), "repeats an earlier entry");
            }
            read.extend(self.required(format_args!("{field}[{index}]"), text, &parse));
        }
        Some(read)
    }

    /// Checks that lists of ids fit into one URL together; `field` is the first of them.
    pub fn fits_a_url(&mut self, field: &str, lists: &[&[String]]) {
        if id_runs(lists.iter().copied().flatten(), |id| id.as_str()).len() > 1 {
            self.add(field, "must be fewer, or shorter, together with the request's other ids");
        }
    }

    /// Reads a list of a venue's words, all of which must be known and none be there twice.
    fn words<S: TryFrom<i32> + PartialEq, D: Copy>(
        &mut self,
        field: &str,
        numbers: &[i32],
        all: &[D],
        show: impl Fn(D) -> S,
    ) -> Option<Vec<D>> {
        if !self.count(field, numbers.len(), 0, all.len()) {
            return None;
        }
        let mut seen = HashSet::new();
        let mut read = Vec::with_capacity(numbers.len());
        for (index, number) in numbers.iter().enumerate() {
            if !seen.insert(number) {
                self.add(format_args!("{field}[{index}]"), "repeats an earlier entry");
            }
            let shown: Option<S> = self.known(format_args!("{field}[{index}]"), *number);
            let found = all.iter().copied().find(|word| Some(show(*word)) == shown);
            if shown.is_some() && found.is_none() {
                self.add(format_args!("{field}[{index}]"), "must not be unspecified");
            }
            read.extend(found);
        }
        Some(read)
    }

    /// Reads a filter of settlements' statuses.
    pub fn venue_statuses(&mut self, field: &str, numbers: &[i32]) -> Option<Vec<VenueStatus>> {
        use VenueStatus::{Completed, Failed, Pending, Rejected};
        self.words(field, numbers, &[Pending, Failed, Completed, Rejected], pb::VenueSettlementStatus::from)
    }

    /// Reads a filter of transfers' statuses.
    pub fn transfer_statuses(&mut self, field: &str, numbers: &[i32]) -> Option<Vec<TransferStatus>> {
        use TransferStatus as Is;
        let all = [
            Is::Pending,
            Is::PendingOnchain,
            Is::OnchainInitiated,
            Is::OnchainFailed,
            Is::Completed,
            Is::Failed,
            Is::Rejected,
            Is::Disputed,
            Is::PendingSettlementAssignment,
        ];
        self.words(field, numbers, &all, pb::SettlementTransferStatus::from)
    }

    /// Reads a time of a filter, which the venue knows to the millisecond.
    pub fn optional_millis(&mut self, field: &str, at: Option<prost_types::Timestamp>) -> Option<Option<Timestamp>> {
        let at = self.optional_time(field, at)?;
        if at.is_some_and(|at| at.subsec_nanosecond() % 1_000_000 != 0) {
            self.add(field, "must be whole milliseconds");
        }
        Some(at)
    }
}

/// Parts of a filter that are no texts.
impl Filter {
    /// Adds numbers, such as those of an enum.
    #[must_use]
    pub fn numbers(self, numbers: &[i32]) -> Self {
        let texts: Vec<String> = numbers.iter().map(i32::to_string).collect();
        self.strings(&texts)
    }

    /// Adds a list of texts as a request has it.
    #[must_use]
    pub fn strings(self, texts: &[String]) -> Self {
        self.texts(texts.iter().map(String::as_str))
    }

    /// Adds a time that may be absent.
    #[must_use]
    pub fn time(self, at: Option<prost_types::Timestamp>) -> Self {
        self.text(&at.map(|at| format!("{}.{}", at.seconds, at.nanos)).unwrap_or_default())
    }

    /// Adds a yes or a no that may be absent.
    #[must_use]
    pub fn flag(self, flag: Option<bool>) -> Self {
        self.text(&flag.map(|flag| flag.to_string()).unwrap_or_default())
    }
}
