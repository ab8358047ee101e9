//! The oracle names each crime that is shown to it, and no other.

use super::oracle::{Answer, Asked, AtVenue, Call, Evidence, Kind, Name, Outcome, Purse, Reserved, Row, violations};

fn name(kind: Kind, id: &str) -> Name {
    Name { kind, of: "ent".to_owned(), id: id.to_owned() }
}

fn answer(state: &str, outcome: &str, states: &[&str]) -> Answer {
    let line = |(place, state): (usize, &&str)| (place as u64 + 1, (*state).to_owned(), "CHANGE".to_owned());
    Answer {
        state: state.to_owned(),
        outcome: outcome.to_owned(),
        at_rest: true,
        sequence: states.len() as u64,
        timeline: states.iter().enumerate().map(line).collect(),
        whole: format!("{state} {outcome}"),
    }
}

fn completed() -> Answer {
    answer("COMPLETED", "CREATED", &["RECEIVED", "PREPARED", "SIGNED", "SUBMITTING", "COMPLETED"])
}

fn row(name: &Name, answer: &Answer) -> Row {
    Row { name: name.clone(), stored: answer.clone(), asked_again: answer.clone() }
}

fn reference(id: &str) -> String {
    format!("settlement 3:key 3:ent {}:{id}", id.len())
}

fn asked(id: &str, payload: &str) -> Asked {
    Asked { reference: reference(id), payload: payload.to_owned(), message: format!("message of {payload}") }
}

fn reserved(id: &str, payload: &str) -> Reserved {
    Reserved { reference: reference(id), payload: payload.to_owned() }
}

/// One settlement that was asked for, signed, created once and completed; and one that was refused.
fn innocent() -> Evidence {
    let settled = name(Kind::Settlement, "day-1");
    let refused = Call { name: name(Kind::Settlement, "refused"), outcome: Outcome::Refused("no cutoff".to_owned()) };
    let unknown = Call { name: settled.clone(), outcome: Outcome::Unknown("killed".to_owned()) };
    let told = Call { name: settled.clone(), outcome: Outcome::Ok(completed()) };
    Evidence {
        venue: vec![AtVenue { name: settled.clone(), posts: 2, bodies: 1, created: 1 }],
        purses: vec![Purse { name: "BTC".to_owned(), before: 10, after: 9, intended: -1 }],
        signer: vec![asked("day-1", "p1")],
        audit: vec![reserved("day-1", "p1")],
        history: vec![refused, unknown, told],
        journal: vec![row(&settled, &completed())],
    }
}

/// The invariants that are broken, each once.
fn broken(crime: impl FnOnce(&mut Evidence)) -> Vec<&'static str> {
    let mut evidence = innocent();
    crime(&mut evidence);
    let mut broken: Vec<_> = violations(&evidence).into_iter().map(|violation| violation.invariant).collect();
    broken.dedup();
    broken
}

#[test]
fn an_innocent_history_is_acquitted() {
    assert_eq!(violations(&innocent()), []);
}

#[test]
fn i1_a_second_settlement_at_the_venue() {
    assert_eq!(broken(|evidence| evidence.venue[0].created = 2), ["I1"]);
}

#[test]
fn i2_a_second_payload_under_one_reference() {
    let second = |evidence: &mut Evidence| {
        evidence.signer.push(asked("day-1", "p2"));
        evidence.audit.push(reserved("day-1", "p2"));
    };
    assert_eq!(broken(second), ["I2"]);
    let same = |evidence: &mut Evidence| evidence.signer.push(evidence.signer[0].clone());
    assert_eq!(broken(same), Vec::<&str>::new(), "the same payload may be signed again");
}

#[test]
fn i3_an_acknowledged_settlement_that_is_lost_or_another() {
    let lost = broken(|evidence| evidence.journal.clear());
    assert_eq!(lost, ["I3", "I9"]);
    let rewritten = broken(|evidence| {
        let other =
            answer("COMPLETED", "CREATED", &["RECEIVED", "PREPARED", "SIGNED", "SUBMITTING", "OUTCOME_UNKNOWN", "COMPLETED"]);
        evidence.journal = vec![row(&name(Kind::Settlement, "day-1"), &other)];
    });
    assert_eq!(rewritten, ["I3"]);
    let otherwise = broken(|evidence| evidence.journal[0].asked_again.whole = "something else".to_owned());
    assert_eq!(otherwise, ["I3"]);
    let fell_back = broken(|evidence| evidence.journal[0].asked_again.sequence = 4);
    assert_eq!(fell_back, ["I3"]);
}

#[test]
fn i4_what_the_venue_has_and_is_called_failed() {
    for (state, outcome) in [("NOT_ACCEPTED", "NOT_CREATED"), ("EXPIRED", "NOT_SENT"), ("NEEDS_OPERATOR", "NOT_CREATED")] {
        let failed = answer(state, outcome, &["RECEIVED"]);
        let crime = |evidence: &mut Evidence| {
            evidence.journal = vec![row(&name(Kind::Settlement, "day-1"), &failed)];
            evidence.history.retain(|call| !matches!(call.outcome, Outcome::Ok(_)));
        };
        assert_eq!(broken(crime), ["I4"], "{state}");
    }
    assert_eq!(broken(|evidence| evidence.venue[0].created = 0), ["I4"], "created, and the venue has none");
}

#[test]
fn i5_a_signature_without_its_record() {
    assert_eq!(broken(|evidence| evidence.audit.clear()), ["I5"]);
    assert_eq!(broken(|evidence| evidence.audit[0].payload = "another".to_owned()), ["I5"]);
}

#[test]
fn i6_a_change_that_is_not_legal() {
    for states in [
        vec!["RECEIVED", "SIGNED"],
        vec!["RECEIVED", "PREPARED", "SIGNED", "COMPLETED"],
        vec!["RECEIVED", "PREPARED", "SIGNED", "SUBMITTING", "COMPLETED", "PENDING"],
        vec!["PREPARED", "SIGNED"],
    ] {
        let illegal = answer("COMPLETED", "CREATED", &states);
        let crime = |evidence: &mut Evidence| {
            evidence.journal = vec![row(&name(Kind::Settlement, "day-1"), &illegal)];
            evidence.history.retain(|call| !matches!(call.outcome, Outcome::Ok(_)));
        };
        assert_eq!(broken(crime), ["I6"], "{states:?}");
    }
    let gap = |evidence: &mut Evidence| {
        evidence.journal[0].stored.timeline[4].0 = 6;
    };
    assert_eq!(broken(gap), ["I6"], "a line of the timeline is missing");
}

#[test]
fn i7_money_that_nobody_asked_to_move() {
    assert_eq!(broken(|evidence| evidence.purses[0].after = 8), ["I7"]);
}

#[test]
fn i8_a_refused_request_that_left_something() {
    let refused = || name(Kind::Settlement, "refused");
    let at_venue = AtVenue { name: refused(), posts: 1, bodies: 1, created: 0 };
    assert_eq!(broken(|evidence| evidence.venue.push(at_venue)), ["I8"]);
    let signed = |evidence: &mut Evidence| {
        evidence.signer.push(asked("refused", "p"));
        evidence.audit.push(reserved("refused", "p"));
    };
    assert_eq!(broken(signed), ["I8"]);
    let recorded = row(&refused(), &answer("NEEDS_OPERATOR", "NOT_SENT", &["RECEIVED"]));
    assert_eq!(broken(|evidence| evidence.journal.push(recorded)), ["I8"]);
    let foreign = AtVenue { name: name(Kind::Settlement, "nobody's"), posts: 1, bodies: 1, created: 1 };
    assert_eq!(broken(|evidence| evidence.venue.push(foreign)), ["I8"], "what nobody asked for");
}

#[test]
fn i9_what_does_not_come_to_rest() {
    let restless = broken(|evidence| {
        evidence.journal[0].stored.at_rest = false;
        evidence.journal[0].asked_again.at_rest = false;
    });
    assert_eq!(restless, ["I9"]);
}

#[test]
fn i10_a_second_body_or_a_second_try_where_none_is_allowed() {
    assert_eq!(broken(|evidence| evidence.venue[0].bodies = 2), ["I10"]);
    for (kind, expected) in [(Kind::Trade, vec!["I10"]), (Kind::Affirmation, vec!["I10"]), (Kind::Payout, vec![])] {
        let name = name(kind, "once");
        let told = answer("DONE", "CREATED", &[]);
        let crime = |evidence: &mut Evidence| {
            evidence.venue.push(AtVenue { name: name.clone(), posts: 2, bodies: 1, created: 1 });
            evidence.history.push(Call { name: name.clone(), outcome: Outcome::Ok(told.clone()) });
            evidence.journal.push(row(&name, &told));
        };
        assert_eq!(broken(crime), expected, "{kind:?}");
    }
}
