//! Collects what is wrong with a request, field by field, so that one answer names every fault.

use std::fmt;

use thiserror::Error;

use super::limits::MAX_VIOLATIONS;

/// One field that breaks its documented limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldViolation {
    /// The path of the field, such as `settlement_amounts[3].amount`.
    pub field: String,
    /// What the field must be; never the value that was sent.
    pub description: String,
}

/// A request that cannot be read: at least one violation, at most [`MAX_VIOLATIONS`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the request breaks the limits of its fields")]
pub struct InvalidRequest(Vec<FieldViolation>);

impl InvalidRequest {
    /// The violations in the order in which the fields were read.
    #[must_use]
    pub fn into_violations(self) -> Vec<FieldViolation> {
        self.0
    }
}

/// The violations of one request, as they are found.
///
/// Each method reads one field: it gives the value, or notes the violation and
/// gives `None`. Paths are formatted for violations only, so that
/// `format_args!` over 20,000 legs costs nothing while they are in order.
#[derive(Debug, Default)]
pub struct Violations {
    found: Vec<FieldViolation>,
}

impl Violations {
    /// No violations yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a violation; from [`MAX_VIOLATIONS`] on it is not kept, and the request is invalid all the same.
    pub fn add(&mut self, field: impl fmt::Display, description: impl fmt::Display) {
        if self.found.len() < MAX_VIOLATIONS {
            self.found.push(FieldViolation { field: field.to_string(), description: description.to_string() });
        }
    }

    /// Reads a text field that must be there.
    pub fn required<'a, T, E: fmt::Display>(
        &mut self,
        field: impl fmt::Display,
        text: &'a str,
        parse: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Option<T> {
        parse(text).map_err(|error| self.add(field, error)).ok()
    }

    /// Reads a text field that may be absent; `Some(None)` is a field that is rightly absent.
    ///
    /// A field that is present and empty goes to `parse` like any other text.
    pub fn optional<'a, T, E: fmt::Display>(
        &mut self,
        field: impl fmt::Display,
        text: Option<&'a str>,
        parse: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        match text {
            None => Some(None),
            Some(text) => self.required(field, text, parse).map(Some),
        }
    }

    /// Takes a message or a `oneof` that must be there.
    pub fn present<T>(&mut self, field: impl fmt::Display, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.add(field, "is required");
        }
        value
    }

    /// Reads an enum's number as one of its known values, the unspecified one among them.
    pub fn known<T: TryFrom<i32>>(&mut self, field: impl fmt::Display, number: i32) -> Option<T> {
        T::try_from(number).map_err(|_| self.add(field, "must be a value that the contract names")).ok()
    }

    /// Takes a number that lies between two others, both included.
    pub fn within<T: PartialOrd + fmt::Display>(&mut self, field: impl fmt::Display, number: T, min: T, max: T) -> Option<T> {
        if number < min || number > max {
            self.add(field, format_args!("must be between {min} and {max}"));
            return None;
        }
        Some(number)
    }

    /// Checks how many entries a list has; `false` when they are too few or too many.
    pub fn count(&mut self, field: impl fmt::Display, entries: usize, min: usize, max: usize) -> bool {
        if entries < min {
            self.add(field, format_args!("must have at least {min} entries"));
        } else if entries > max {
            self.add(field, format_args!("must have at most {max} entries"));
        }
        (min..=max).contains(&entries)
    }

    /// Checks a text's length in bytes; `false` when it is empty or too long.
    pub fn length(&mut self, field: impl fmt::Display, text: &str, max_bytes: usize) -> bool {
        if text.is_empty() {
            self.add(field, "must not be empty");
        } else if text.len() > max_bytes {
            self.add(field, format_args!("must be at most {max_bytes} bytes long"));
        }
        (1..=max_bytes).contains(&text.len())
    }

    /// Ends the reading: the request's value when nothing was wrong with any field.
    ///
    /// `build` puts the value together with `?` on each field, each of which is
    /// `Some` when there are no violations.
    ///
    /// # Errors
    /// [`InvalidRequest`] with the violations.
    pub fn finish<T>(mut self, build: impl FnOnce() -> Option<T>) -> Result<T, InvalidRequest> {
        if self.found.is_empty() {
            if let Some(value) = build() {
                return Ok(value);
            }
            self.add("", "the request is incomplete");
        }
        Err(InvalidRequest(self.found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::amount::Amount;
    use crate::domain::ids::{EnterpriseId, ExternalId};
    use crate::grpc::pb::AmountUnit;

    fn paths(violations: Violations) -> Vec<String> {
        let invalid = violations.finish(|| Some(())).unwrap_err();
        invalid.into_violations().into_iter().map(|violation| violation.field).collect()
    }

    #[test]
    fn a_request_without_fault_gives_its_value() {
        let mut violations = Violations::new();
        let enterprise = violations.required("enterprise_id", "e1", EnterpriseId::new);
        let amount = violations.required("amount", "-1.50", Amount::parse);
        let supersedes = violations.optional("supersedes", None, ExternalId::new);
        let read = violations.finish(|| Some((enterprise?, amount?, supersedes?))).unwrap();
        assert_eq!(read, (EnterpriseId::new("e1").unwrap(), Amount::parse("-1.5").unwrap(), None));
    }

    #[test]
    fn every_fault_is_named_in_one_answer() {
        let mut violations = Violations::new();
        assert_eq!(violations.required("enterprise_id", "", EnterpriseId::new), None);
        assert_eq!(violations.required(format_args!("settlement_amounts[{}].amount", 3), "1e3", Amount::parse), None);
        assert_eq!(violations.optional("supersedes", Some(""), ExternalId::new), None);
        assert_eq!(violations.present::<()>("name", None), None);
        assert_eq!(paths(violations), ["enterprise_id", "settlement_amounts[3].amount", "supersedes", "name"]);
    }

    #[test]
    fn a_violation_says_the_limit_and_not_the_value() {
        let mut violations = Violations::new();
        let _ = violations.required("external_id", &"secret".repeat(60), ExternalId::new);
        let invalid = violations.finish(|| Some(())).unwrap_err();
        let expected =
            FieldViolation { field: "external_id".to_owned(), description: "must be at most 256 bytes long".to_owned() };
        assert_eq!(invalid.into_violations(), [expected]);
    }

    #[test]
    fn twenty_thousand_faults_are_an_invalid_request_of_bounded_size() {
        let mut violations = Violations::new();
        for leg in 0..20_000 {
            let _ = violations.required(format_args!("settlement_amounts[{leg}].amount"), "NaN", Amount::parse);
        }
        assert_eq!(paths(violations).len(), MAX_VIOLATIONS);
    }

    #[test]
    fn a_number_keeps_its_least_and_its_most() {
        for (number, fits) in [(i64::MIN, false), (0, false), (1, true), (9, true), (10, false), (i64::MAX, false)] {
            let mut violations = Violations::new();
            assert_eq!(violations.within("source_amount", number, 1, 9).is_some(), fits);
            assert_eq!(violations.finish(|| Some(())).is_ok(), fits, "{number}");
        }
    }

    #[test]
    fn a_list_keeps_its_least_and_its_most() {
        for (entries, fits) in [(0, false), (1, true), (3, true), (4, false)] {
            let mut violations = Violations::new();
            assert_eq!(violations.count("list", entries, 1, 3), fits);
            assert_eq!(violations.finish(|| Some(())).is_ok(), fits, "{entries}");
        }
    }

    #[test]
    fn a_length_is_of_bytes_and_not_of_characters() {
        for (text, fits) in [("", false), ("abc", true), ("é1", true), ("éé", false)] {
            let mut violations = Violations::new();
            assert_eq!(violations.length("payload", text, 3), fits);
            assert_eq!(violations.finish(|| Some(())).is_ok(), fits, "{text}");
        }
    }

    #[test]
    fn an_unknown_enum_number_is_refused() {
        let mut violations = Violations::new();
        assert_eq!(violations.known("amount_unit", 1), Some(AmountUnit::Full));
        assert_eq!(violations.known("amount_unit", 0), Some(AmountUnit::Unspecified));
        assert_eq!(violations.known::<AmountUnit>("amount_unit", 99), None);
        assert_eq!(paths(violations), ["amount_unit"]);
    }

    #[test]
    fn a_value_that_cannot_be_built_is_an_invalid_request_and_no_panic() {
        assert!(Violations::new().finish(|| None::<()>).is_err());
    }
}
