//! Misbehaviour on demand: what the venues do wrong, where, and how often.

mod behaviour;
mod endpoint;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

pub use behaviour::{Behaviour, Body, Flaw, RetryAfter, Tamper};
pub use endpoint::Endpoint;

/// The most rules that wait at a time; the oldest go first.
pub const MAX_FAULTS: usize = 10_000;

/// One rule: the next `times` requests to an endpoint meet a behaviour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which requests.
    pub on: Endpoint,
    /// How many of them.
    pub times: u32,
    /// What they meet.
    pub behaviour: Behaviour,
}

/// The rules that wait for their requests.
#[derive(Debug, Default)]
pub struct Faults {
    waiting: Mutex<VecDeque<Fault>>,
}

impl Faults {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Fault>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a rule behind those that wait; beyond [`MAX_FAULTS`] the oldest is dropped.
    pub fn push(&self, fault: Fault) {
        let mut waiting = self.lock();
        if waiting.len() >= MAX_FAULTS {
            waiting.pop_front();
        }
        waiting.push_back(fault);
    }

    /// Drops all rules.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// How many rules wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lock().len()
    }

    /// What a request to a call meets: the oldest rule that covers it, used once.
    pub(crate) fn take(&self, call: Endpoint) -> Option<Behaviour> {
        let mut waiting = self.lock();
        waiting.retain(|fault| fault.times > 0);
        let fault = waiting.iter_mut().find(|fault| fault.on.covers(call))?;
        fault.times -= 1;
        let behaviour = fault.behaviour.clone();
        waiting.retain(|fault| fault.times > 0);
        Some(behaviour)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_used_as_often_as_it_says_and_in_order() {
        let faults = Faults::default();
        faults.push(Fault { on: Endpoint::SettlementPost, times: 2, behaviour: Behaviour::CutBefore });
        faults.push(Fault { on: Endpoint::Any, times: 1, behaviour: Behaviour::AcceptThenCut });
        assert_eq!(faults.take(Endpoint::SettlementPostV1), Some(Behaviour::CutBefore));
        assert_eq!(faults.take(Endpoint::SettlementList), Some(Behaviour::AcceptThenCut));
        assert_eq!(faults.take(Endpoint::SettlementPostV2), Some(Behaviour::CutBefore));
        assert_eq!(faults.take(Endpoint::SettlementPostV2), None);
        assert_eq!(faults.waiting(), 0);
    }

    #[test]
    fn a_rule_reads_from_json() {
        let text = r#"{"on":"settlement_post","times":1,"behaviour":{"kind":"status","status":500,"body":"html","effect":true}}"#;
        let fault: Fault = serde_json::from_str(text).unwrap();
        assert_eq!(fault.behaviour, Behaviour::Status { status: 500, body: Body::Html, effect: true });
    }
}
