//! The anchor outside the database: each kind of it, and what waits for it.

mod keeping;
mod kinds;
mod repairing;
mod sending;

use settlement_gateway::domain::anchor::{Head, JournalId, Link, Mark};
use settlement_gateway::domain::signing::{PayloadDigest, Signature};

use crate::support::builders::start;

/// The heads of a journal after so many signatures, from none on.
fn heads(signatures: usize) -> Vec<Head> {
    let journal = JournalId::from_text("0123456789abcdef0123456789abcdef").unwrap();
    let first = Head { journal, epoch: 1, sequence: 0, link: Link::START };
    let next = |head: &Head| Some(head.after("r", &PayloadDigest::of("p"), &Signature::from_bytes([7; 65])));
    std::iter::successors(Some(first), next).take(signatures + 1).collect()
}

fn mark(head: Head) -> Mark {
    Mark { head, at: start() }
}
