//! The oracle: three recorders that know nothing of each other are held against each other and against the journal.
//!
//! U is the venues' ledger, L what the keys' holders were asked to sign, C what clients were told. Nothing here asks
//! anybody anything: the evidence is plain data, so that a test can make up a crime and see that it is named.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::legal;

/// What something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Settlement,
    Trade,
    Affirmation,
    Payout,
}

/// What something is called by whoever asked for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) kind: Kind,
    /// The enterprise or the merchant.
    pub(super) of: String,
    /// The external id, the request id or the payout's name.
    pub(super) id: String,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}/{}", self.kind, self.of, self.id)
    }
}

/// What the gateway says of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) state: String,
    /// The gateway's word for whether it took effect.
    pub(super) outcome: String,
    /// Nothing more happens without somebody.
    pub(super) at_rest: bool,
    pub(super) sequence: u64,
    /// Sequence, state and change of each line, where the gateway shows a timeline.
    pub(super) timeline: Vec<(u64, String, String)>,
    /// Everything that was said.
    pub(super) whole: String,
}

/// How a call ended for its client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Ok(Answer),
    /// It was told that nothing was taken on, and why.
    Refused(String),
    /// It was told nothing that it could rely on.
    Unknown(String),
}

/// C: one call.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) name: Name,
    pub(super) outcome: Outcome,
}

/// U: what a venue has under a name.
#[derive(Debug, Clone)]
pub(super) struct AtVenue {
    pub(super) name: Name,
    /// How often a body came.
    pub(super) posts: u64,
    /// How many different bodies.
    pub(super) bodies: usize,
    /// How often it took effect.
    pub(super) created: u64,
}

/// U: an account before and after, and what the intents that took effect must have moved.
#[derive(Debug, Clone)]
pub(super) struct Purse {
    pub(super) name: String,
    pub(super) before: i128,
    pub(super) after: i128,
    pub(super) intended: i128,
}

/// L: a signature that was asked of a key's holder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Asked {
    pub(super) reference: String,
    /// The payload's digest.
    pub(super) payload: String,
    /// What the key signs of it.
    pub(super) message: String,
}

/// A record of the audit chain that says that a payload may be signed under a reference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reserved {
    pub(super) reference: String,
    pub(super) payload: String,
}

/// What the gateway says in the end: twice, so that the second can be held against the first.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) name: Name,
    pub(super) stored: Answer,
    pub(super) asked_again: Answer,
}

/// Everything that is known after a run.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    pub(super) venue: Vec<AtVenue>,
    pub(super) purses: Vec<Purse>,
    pub(super) signer: Vec<Asked>,
    pub(super) audit: Vec<Reserved>,
    pub(super) history: Vec<Call>,
    pub(super) journal: Vec<Row>,
}

/// Something that must never be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Violation {
    pub(super) invariant: &'static str,
    pub(super) what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.what)
    }
}

type Found = Vec<Violation>;

/// Everything that must never be and is.
pub(super) fn violations(evidence: &Evidence) -> Found {
    let mut found = Vec::new();
    i1_at_most_one(evidence, &mut found);
    i2_one_digest(evidence, &mut found);
    i3_nothing_acknowledged_is_lost(evidence, &mut found);
    i4_nothing_taken_is_called_failed(evidence, &mut found);
    i5_nothing_is_signed_unrecorded(evidence, &mut found);
    i6_legal_changes(evidence, &mut found);
    i7_sums_agree(evidence, &mut found);
    i8_refusals_leave_nothing(evidence, &mut found);
    i9_everything_comes_to_rest(evidence, &mut found);
    i10_one_body(evidence, &mut found);
    found
}

fn claim(found: &mut Found, holds: bool, invariant: &'static str, what: impl FnOnce() -> String) {
    if !holds {
        found.push(Violation { invariant, what: what() });
    }
}

fn i1_at_most_one(evidence: &Evidence, found: &mut Found) {
    for thing in &evidence.venue {
        claim(found, thing.created <= 1, "I1", || format!("{} took effect {} times at the venue", thing.name, thing.created));
    }
}

fn i2_one_digest(evidence: &Evidence, found: &mut Found) {
    let mut digests: BTreeMap<&str, BTreeSet<(&str, &str)>> = BTreeMap::new();
    for asked in &evidence.signer {
        digests.entry(&asked.reference).or_default().insert((&asked.payload, &asked.message));
    }
    for (reference, digests) in digests {
        claim(found, digests.len() <= 1, "I2", || format!("{} payloads were signed under {reference}", digests.len()));
    }
}

fn i3_nothing_acknowledged_is_lost(evidence: &Evidence, found: &mut Found) {
    let rows = rows(evidence);
    for (name, told) in acknowledged(evidence) {
        let Some(row) = rows.get(name) else {
            claim(found, false, "I3", || format!("{name} was acknowledged as {} and is gone", told.state));
            continue;
        };
        let now = &row.asked_again;
        let kept = now.sequence >= told.sequence && now.timeline.starts_with(&told.timeline);
        claim(found, kept, "I3", || format!("{name} was acknowledged as {told:?} and is {now:?}"));
        let same = !is_final(&told.state) || now.state == told.state;
        claim(found, same, "I3", || format!("{name} was {} for good and is {}", told.state, now.state));
    }
    for row in &evidence.journal {
        let same = row.stored.whole == row.asked_again.whole;
        claim(found, same, "I3", || format!("{}: {:?} became {:?} when asked again", row.name, row.stored, row.asked_again));
    }
}

/// What was refused whenever it was asked for.
pub(super) fn refused(history: &[Call]) -> BTreeSet<Name> {
    let is_refused = |call: &&Call| matches!(call.outcome, Outcome::Refused(_));
    let taken_on: BTreeSet<&Name> = history.iter().filter(|call| !is_refused(call)).map(|call| &call.name).collect();
    let refused = history.iter().filter(is_refused).map(|call| &call.name);
    refused.filter(|name| !taken_on.contains(name)).cloned().collect()
}

/// What clients were told and could rely on.
fn acknowledged(evidence: &Evidence) -> impl Iterator<Item = (&Name, &Answer)> {
    evidence.history.iter().filter_map(|call| match &call.outcome {
        Outcome::Ok(answer) => Some((&call.name, answer)),
        Outcome::Refused(_) | Outcome::Unknown(_) => None,
    })
}

fn rows(evidence: &Evidence) -> BTreeMap<&Name, &Row> {
    evidence.journal.iter().map(|row| (&row.name, row)).collect()
}

fn at_venue(evidence: &Evidence) -> BTreeMap<&Name, &AtVenue> {
    evidence.venue.iter().map(|thing| (&thing.name, thing)).collect()
}

/// States that nothing leads out of.
fn is_final(state: &str) -> bool {
    ["COMPLETED", "REJECTED", "CANCELLED", "EXPIRED", "SETTLED", "FAILED", "CANCELED", "DONE", "CONFIRMED"].contains(&state)
}

fn i4_nothing_taken_is_called_failed(evidence: &Evidence, found: &mut Found) {
    let says_no = |answer: &Answer| {
        let state = ["NOT_ACCEPTED", "CANCELLED", "EXPIRED", "REFUSED"].contains(&answer.state.as_str());
        state || ["NOT_CREATED", "NOT_SENT"].contains(&answer.outcome.as_str())
    };
    let at_venue = at_venue(evidence);
    let in_the_end = evidence.journal.iter().map(|row| (&row.name, &row.stored));
    for (name, answer) in in_the_end.filter(|(_, answer)| says_no(answer)) {
        let taken = at_venue.get(name).is_some_and(|thing| thing.created > 0);
        claim(found, !taken, "I4", || format!("{name} is {} / {} and the venue has it", answer.state, answer.outcome));
    }
    for row in evidence.journal.iter().filter(|row| row.stored.outcome == "CREATED") {
        let taken = at_venue.get(&row.name).is_some_and(|thing| thing.created > 0);
        claim(found, taken, "I4", || format!("{} is called created and the venue has none", row.name));
    }
}

/// A process that died of its first signature has recorded the reservation before, or never does.
fn i5_nothing_is_signed_unrecorded(evidence: &Evidence, found: &mut Found) {
    let recorded: BTreeSet<(&str, &str)> =
        evidence.audit.iter().map(|record| (record.reference.as_str(), record.payload.as_str())).collect();
    for Asked { reference, payload, .. } in &evidence.signer {
        let is_recorded = recorded.contains(&(reference.as_str(), payload.as_str()));
        claim(found, is_recorded, "I5", || format!("{payload} was signed under {reference} without a record of it"));
    }
}

fn i6_legal_changes(evidence: &Evidence, found: &mut Found) {
    let answers = evidence.journal.iter().map(|row| (&row.name, &row.stored)).chain(acknowledged(evidence));
    for (name, answer) in answers.filter(|(name, _)| name.kind == Kind::Settlement) {
        for problem in legal::problems(&answer.timeline) {
            claim(found, false, "I6", || format!("{name}: {problem}"));
        }
    }
}

fn i7_sums_agree(evidence: &Evidence, found: &mut Found) {
    for purse in &evidence.purses {
        let Purse { name, before, after, intended } = purse;
        claim(found, before + intended == *after, "I7", || {
            format!("{name} held {before}, what was created moves {intended}, and it holds {after}")
        });
    }
}

fn i8_refusals_leave_nothing(evidence: &Evidence, found: &mut Found) {
    let asked: BTreeSet<&Name> = evidence.history.iter().map(|call| &call.name).collect();
    for thing in evidence.venue.iter().filter(|thing| !asked.contains(&thing.name)) {
        claim(found, false, "I8", || format!("{} is at the venue, and nobody asked for it", thing.name));
    }
    let (rows, at_venue) = (rows(evidence), at_venue(evidence));
    for name in &refused(&evidence.history) {
        claim(found, !at_venue.contains_key(name), "I8", || format!("{name} was refused, and the venue has seen it"));
        let end = format!(" {}:{}", name.id.len(), name.id);
        let signed = evidence.signer.iter().find(|asked| asked.reference.ends_with(&end));
        claim(found, signed.is_none(), "I8", || format!("{name} was refused and signed: {signed:?}"));
        claim(found, !rows.contains_key(name), "I8", || format!("{name} was refused, and the journal has it"));
    }
}

fn i9_everything_comes_to_rest(evidence: &Evidence, found: &mut Found) {
    let rows = rows(evidence);
    for (name, _) in acknowledged(evidence) {
        let rests = rows.get(name).is_some_and(|row| row.asked_again.at_rest);
        claim(found, rests, "I9", || format!("{name} has not come to rest: {:?}", rows.get(name)));
    }
}

fn i10_one_body(evidence: &Evidence, found: &mut Found) {
    for thing in &evidence.venue {
        let AtVenue { name, posts, bodies, .. } = thing;
        // Each try to confirm a payout carries an address of its own to be called at.
        let same = *bodies <= 1 || name.kind == Kind::Payout;
        claim(found, same, "I10", || format!("{name} came with {bodies} different bodies"));
        // What a venue recognises no repeat of goes out once, whatever became of it.
        let repeatable = matches!(name.kind, Kind::Settlement | Kind::Payout);
        claim(found, repeatable || *posts <= 1, "I10", || format!("{name} was sent {posts} times"));
    }
}
