//! Files of finished work that has left the journal: JSON lines, one a record, and a last line with what they come to.
//!
//! A file holds one kind of work that ended on one UTC day. Its name follows
//! from its contents, so that the same work gives the same file, whoever
//! writes it and however often.

use std::collections::BTreeMap;

use bigdecimal::{BigDecimal, Zero};
use jiff::civil::Date;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::amount::canonical;
use super::settlement::{NetTotal, State, names};

/// How many digits of a file's digest are in its name.
const DIGITS_IN_NAME: usize = 16;
/// The member that only a last line has.
const TOTALS: &str = "archive_totals";

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArchiveKind {
    /// Settlements: their legs, payloads, bodies, standings and changes.
    Settlements,
    /// The changes of writes on BitGo Trade.
    Trades,
    /// Venues' calls that were acted on.
    Deliveries,
}

names!(ArchiveKind { Settlements => "settlements", Trades => "trades", Deliveries => "deliveries" });

impl ArchiveKind {
    /// All kinds, in the order in which they are archived.
    pub const ALL: [Self; 3] = [Self::Settlements, Self::Trades, Self::Deliveries];
}

/// One piece of finished work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveRecord {
    /// A JSON object without a line break.
    pub line: String,
    /// A settlement's end and what its legs come to; `None` for what moves no money.
    pub settled: Option<(State, Vec<NetTotal>)>,
}

/// What is known of a file beside its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveMark {
    /// Its name in the archive's folder.
    pub name: String,
    /// What it holds.
    pub kind: ArchiveKind,
    /// The UTC day on which that ended.
    pub day: Date,
    /// How many records it holds.
    pub records: u64,
    /// SHA-256 of its records with their line breaks, as 64 hexadecimal digits: of all lines but the last.
    pub sha256: String,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveFile {
    /// What is known of it.
    pub mark: ArchiveMark,
    /// The whole text.
    pub text: String,
}

impl ArchiveFile {
    /// The file that some records make.
    #[must_use]
    pub fn of(kind: ArchiveKind, day: Date, records: &[ArchiveRecord]) -> Self {
        let mut text: String = records.iter().map(|record| format!("{}\n", record.line)).collect();
        let sha256 = base16ct::lower::encode_string(&Sha256::digest(text.as_bytes()));
        let name = format!("{}-{day}-{}.jsonl", kind.as_str(), &sha256[..DIGITS_IN_NAME]);
        let mark = ArchiveMark { name, kind, day, records: records.len() as u64, sha256 };
        let totals = control_totals(records);
        let last = json!({
            TOTALS: { "kind": kind.as_str(), "day": day.to_string(), "records": mark.records, "sha256": mark.sha256, "sums": totals }
        });
        text.push_str(&format!("{last}\n"));
        Self { mark, text }
    }
}

/// What each currency comes to in each state, by state and currency.
fn control_totals(records: &[ArchiveRecord]) -> Vec<Value> {
    let mut sums: BTreeMap<(&str, &str), (u64, u64, BigDecimal)> = BTreeMap::new();
    for (state, totals) in records.iter().filter_map(|record| record.settled.as_ref()) {
        for total in totals {
            let of = sums.entry((state.as_str(), total.currency.as_str())).or_insert_with(|| (0, 0, BigDecimal::zero()));
            of.0 += 1;
            of.1 += total.count as u64;
            of.2 += total.sum.parse::<BigDecimal>().unwrap_or_default();
        }
    }
    let line = |((state, currency), (settlements, legs, sum)): ((&str, &str), (u64, u64, BigDecimal))| json!({ "state": state, "currency": currency, "settlements": settlements, "legs": legs, "sum": canonical(&sum) });
    sums.into_iter().map(line).collect()
}

/// Why a file is not what the journal wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ArchiveFault {
    /// The last line is missing or is none of ours: the file is not whole.
    #[error("its last line is missing or cannot be read")]
    NoTotals,
    /// The records are not those that the last line counts.
    #[error("its records are not as many as its last line says")]
    Count,
    /// A record was changed, or the order of records.
    #[error("its records are not those that were written")]
    Digest,
    /// It is another file than the journal knows under this name.
    #[error("it is another file than the journal knows under this name")]
    Other,
}

impl ArchiveMark {
    /// Holds a file's text against what is known of it.
    ///
    /// # Errors
    /// [`ArchiveFault`].
    pub fn hold(&self, text: &str) -> Result<(), ArchiveFault> {
        let whole = text.strip_suffix('\n').ok_or(ArchiveFault::NoTotals)?;
        let at = whole.rfind('\n').map_or(0, |before| before + 1);
        let (records, last) = whole.split_at(at);
        let last: Value = serde_json::from_str(last).map_err(|_| ArchiveFault::NoTotals)?;
        let totals = last.get(TOTALS).ok_or(ArchiveFault::NoTotals)?;
        if totals["records"].as_u64() != Some(records.lines().count() as u64) {
            return Err(ArchiveFault::Count);
        }
        let sha256 = base16ct::lower::encode_string(&Sha256::digest(records.as_bytes()));
        if totals["sha256"].as_str() != Some(sha256.as_str()) {
            return Err(ArchiveFault::Digest);
        }
        if sha256 == self.sha256 && totals["records"].as_u64() == Some(self.records) { Ok(()) } else { Err(ArchiveFault::Other) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Currency;

    fn record(line: &str, state: State, sum: &str) -> ArchiveRecord {
        let total = NetTotal { currency: Currency::new("BTC").unwrap(), sum: sum.to_owned(), count: 2 };
        ArchiveRecord { line: line.to_owned(), settled: Some((state, vec![total])) }
    }

    fn file() -> ArchiveFile {
        let records = [
            record("{\"n\":1}", State::Completed, "0.1"),
            record("{\"n\":2}", State::Completed, "-1.3"),
            record("{\"n\":3}", State::Rejected, "7"),
        ];
        ArchiveFile::of(ArchiveKind::Settlements, jiff::civil::date(2026, 3, 18), &records)
    }

    #[test]
    fn a_file_ends_with_what_its_records_come_to() {
        let ArchiveFile { mark, text } = file();
        assert!(mark.name.starts_with("settlements-2026-03-18-") && mark.name.ends_with(".jsonl"), "{}", mark.name);
        let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        let totals = &last[TOTALS];
        assert_eq!((totals["records"].as_u64(), totals["sha256"].as_str()), (Some(3), Some(mark.sha256.as_str())));
        let expected = json!([
            { "state": "COMPLETED", "currency": "BTC", "settlements": 2, "legs": 4, "sum": "-1.2" },
            { "state": "REJECTED", "currency": "BTC", "settlements": 1, "legs": 2, "sum": "7" },
        ]);
        assert_eq!(totals["sums"], expected);
        mark.hold(&text).unwrap();
    }

    #[test]
    fn the_same_work_gives_the_same_file_and_other_work_another_name() {
        assert_eq!(file(), file());
        let other = ArchiveFile::of(ArchiveKind::Settlements, jiff::civil::date(2026, 3, 18), &[]);
        assert_ne!(other.mark.name, file().mark.name);
        other.mark.hold(&other.text).unwrap();
    }

    #[test]
    fn every_change_of_a_file_is_found() {
        let ArchiveFile { mark, text } = file();
        let lines: Vec<&str> = text.lines().collect();
        let joined = |lines: &[&str]| format!("{}\n", lines.join("\n"));
        assert_eq!(mark.hold(&text.replace("\"n\":2", "\"n\":4")), Err(ArchiveFault::Digest));
        assert_eq!(mark.hold(&joined(&[lines[1], lines[0], lines[2], lines[3]])), Err(ArchiveFault::Digest));
        assert_eq!(mark.hold(&joined(&[lines[0], lines[2], lines[3]])), Err(ArchiveFault::Count));
        assert_eq!(mark.hold(&joined(&lines[..3])), Err(ArchiveFault::NoTotals));
        for cut in 0..text.len() {
            assert!(mark.hold(&text[..cut]).is_err(), "cut at {cut}");
        }
        let other = ArchiveFile::of(ArchiveKind::Settlements, mark.day, &[]);
        assert_eq!(mark.hold(&other.text), Err(ArchiveFault::Other));
    }
}
