//! Answers in the oracle's words, and what of them is the same in every run.

use settlement_gateway::grpc::pb;

use super::asks::Told;
use super::oracle::Answer;
use crate::process::installation::trading_account_id;
use crate::support::world::V2;

/// The name of an enum's value without its type's.
fn word(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_owned()
}

pub(super) fn settlement(told: pb::Settlement) -> Told {
    let state = |state: pb::SettlementState| word(state.as_str_name(), "SETTLEMENT_STATE_");
    let waits_for_nobody = match told.state() {
        pb::SettlementState::Completed => told.reconciliation.is_some(),
        pb::SettlementState::NeedsOperator => true,
        _ => told.terminal,
    };
    let answer = Answer {
        state: state(told.state()),
        outcome: word(told.outcome().as_str_name(), "SETTLEMENT_OUTCOME_"),
        at_rest: waits_for_nobody,
        sequence: told.sequence,
        timeline: told.timeline.iter().map(|line| (line.sequence, state(line.state()), line.change.clone())).collect(),
        whole: format!("{told:?}"),
    };
    let at_venue = told.external_id.clone();
    // Drawn at random, counted, dated, or named by whoever asked.
    let same = pb::Settlement {
        external_id: String::new(),
        settlement_id: told.settlement_id.as_ref().map(|_| String::new()),
        sequence: 0,
        attempts: 0,
        nonce: String::new(),
        request_digest: String::new(),
        payload_sha256: told.payload_sha256.as_ref().map(|_| String::new()),
        signature: told.signature.as_ref().map(|_| String::new()),
        rt_id: told.rt_id.as_ref().map(|_| String::new()),
        created_at: None,
        updated_at: None,
        finalized_at: None,
        dispute_window_ends_at: None,
        top_up_window_ends_at: None,
        timeline: Vec::new(),
        reconciliation: told
            .reconciliation
            .clone()
            .map(|reconciliation| pb::Reconciliation { reconciled_at: None, ..reconciliation }),
        ..told
    };
    Told { answer, at_venue, plain: format!("{same:?}"), affirmation: None }
}

fn progress(told: &pb::TradeProgress, whole: String) -> Answer {
    use pb::TradeState::{OutcomeUnknown, Prepared, Received, Signed, Submitting};
    Answer {
        state: word(told.state().as_str_name(), "TRADE_STATE_"),
        outcome: word(told.outcome().as_str_name(), "SETTLEMENT_OUTCOME_"),
        at_rest: !matches!(told.state(), Received | Prepared | Signed | Submitting | OutcomeUnknown),
        sequence: told.sequence,
        timeline: Vec::new(),
        whole,
    }
}

fn plain_progress(told: &pb::TradeProgress) -> String {
    format!("{:?} {:?} {:?} {}", told.state(), told.outcome(), told.next_action(), told.reason)
}

pub(super) fn trade(told: pb::TradeSettlement) -> Told {
    let made = told.progress.as_ref().unwrap();
    let statuses: Vec<_> = told.affirmations.iter().map(pb::Affirmation::status).collect();
    let plain = format!("{} {:?} {:?} {statuses:?}", plain_progress(made), told.status(), told.r#type());
    let other = trading_account_id(V2);
    let awaited = told.affirmations.iter().find(|one| one.party_account_id.as_deref() == Some(&other));
    Told {
        answer: progress(made, format!("{told:?}")),
        at_venue: made.payload_sha256.clone(),
        plain,
        affirmation: awaited.and_then(|one| one.id.clone()),
    }
}

pub(super) fn affirmation(told: pb::AffirmResponse, id: &str) -> Told {
    let made = told.progress.as_ref().unwrap();
    Told { answer: progress(made, format!("{told:?}")), at_venue: id.to_owned(), plain: plain_progress(made), affirmation: None }
}

pub(super) fn payout(told: pb::Quote) -> Told {
    let confirmation = told.confirmation.clone().unwrap_or_default();
    let state = confirmation.state();
    let outcome = match state {
        pb::ConfirmationState::Confirmed => "CREATED",
        pb::ConfirmationState::Refused => "NOT_CREATED",
        _ => "UNKNOWN",
    };
    let answer = Answer {
        state: word(state.as_str_name(), "CONFIRMATION_STATE_"),
        outcome: outcome.to_owned(),
        at_rest: told.terminal || state == pb::ConfirmationState::NeedsOperator,
        sequence: told.sequence,
        timeline: Vec::new(),
        whole: format!("{told:?}"),
    };
    let plain = format!("{state:?} {:?} {:?}", told.status(), confirmation.reason);
    Told { answer, at_venue: told.tx_id, plain, affirmation: None }
}
