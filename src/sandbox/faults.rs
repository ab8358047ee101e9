//! Misbehaviour on demand: what the venues do wrong, where, and how often.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

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

/// A call of one of the venues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// Any call of either venue.
    Any,
    /// BitGo: signing payload, GET or POST.
    SettlementsSigning,
    /// BitGo: posting a settlement by v1 or v2.
    SettlementPost,
    /// BitGo: posting a settlement by v1.
    SettlementPostV1,
    /// BitGo: posting a settlement by v2.
    SettlementPostV2,
    /// BitGo: listing settlements.
    SettlementList,
    /// BitGo: one settlement, partner side.
    SettlementDetail,
    /// BitGo: one settlement, client side.
    ClientSettlement,
    /// BitGo: balances, connections, partners and disputes.
    PartnerReads,
    /// Bitlipa: creating a quote.
    QuoteCreate,
    /// Bitlipa: reading a quote.
    QuoteGet,
    /// Bitlipa: confirming a quote.
    QuoteConfirm,
    /// Bitlipa: cancelling a quote.
    QuoteCancel,
}

impl Endpoint {
    /// Which call a request is; [`Endpoint::Any`] where it is none of those that have a name.
    pub(crate) fn of(method: &str, path: &str) -> Self {
        let post = method == "POST";
        let tail = path.trim_end_matches('/');
        match tail {
            _ if tail.ends_with("/partners/settlements-signing") => Self::SettlementsSigning,
            _ if post && tail.ends_with("/partners/settlements") && tail.starts_with("/api/network/v2/") => {
                Self::SettlementPostV2
            }
            _ if post && tail.ends_with("/partners/settlements") => Self::SettlementPostV1,
            _ if tail.ends_with("/partners/settlements") => Self::SettlementList,
            _ if tail.contains("/partners/settlements/") => Self::SettlementDetail,
            _ if tail.contains("/clients/settlements/") => Self::ClientSettlement,
            _ if tail.contains("/partners") => Self::PartnerReads,
            "/api/v1/settlements" => Self::QuoteCreate,
            "/api/v1/settlements/confirm" => Self::QuoteConfirm,
            "/api/v1/settlements/cancel" => Self::QuoteCancel,
            _ if tail.starts_with("/api/v1/settlements/") => Self::QuoteGet,
            _ => Self::Any,
        }
    }

    fn covers(self, call: Self) -> bool {
        let post = matches!(call, Self::SettlementPostV1 | Self::SettlementPostV2);
        self == Self::Any || self == call || (self == Self::SettlementPost && post)
    }
}

/// What a request meets instead of the right answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Behaviour {
    /// Takes effect late: waits first.
    DelayBefore {
        /// How long.
        ms: u64,
    },
    /// Takes effect at once and answers late.
    DelayAfter {
        /// How long.
        ms: u64,
    },
    /// Takes effect; the connection is then dropped without an answer.
    AcceptThenCut,
    /// The connection is dropped without effect or answer.
    CutBefore,
    /// Another status.
    Status {
        /// The HTTP status.
        status: u16,
        /// What stands in the body.
        body: Body,
        /// Whether the request takes effect all the same.
        effect: bool,
    },
    /// 429, without effect.
    TooManyRequests {
        /// The header that comes with it.
        retry_after: RetryAfter,
    },
    /// The signing payload says something else than was asked.
    TamperPayload {
        /// What is changed.
        tamper: Tamper,
    },
    /// Takes effect and answers 2xx with a settlement of another external id.
    AnotherSettlement,
    /// Takes effect and answers 2xx with a body of this size.
    Oversize {
        /// The size.
        bytes: usize,
    },
}

/// The forms of an error's body that are seen in the wild.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// No bytes.
    Nothing,
    /// `{}`.
    EmptyObject,
    /// `{error}`.
    Error,
    /// `{error, errorName, reqId}`.
    ErrorName,
    /// `{error, name, requestId}`.
    NameRequestId,
    /// A proxy's page.
    Html,
    /// JSON that ends in the middle; the right answer's first half where the request took effect.
    Truncated,
    /// The right answer under `text/plain`, or an error so where the request took no effect.
    WrongContentType,
    /// The right answer's `{settlement}`, marked pending: an "incomplete settlement". Needs the effect.
    Settlement,
}

/// What a 429 says about waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// Nothing.
    Absent,
    /// Seconds.
    Seconds(u32),
    /// The same as an HTTP date, that many seconds from the sandbox's now.
    Date(u32),
}

/// What a tampered signing payload says wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tamper {
    /// The first amount gains a digit.
    Amount,
    /// The first account is another.
    Account,
    /// A field that nobody asked for.
    ExtraField,
    /// The external id stands there twice.
    DuplicateKey,
    /// Another external id.
    ExternalId,
    /// Another nonce.
    Nonce,
    /// Another cutoff, or one that nobody asked for.
    Cutoff,
    /// Other notes, or some that nobody asked for.
    Notes,
    /// The first amount as a bare JSON number.
    NumberForm,
    /// The same content in another order: benign.
    Reordered,
    /// The same content with its first letter escaped: benign.
    UnicodeEscape,
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
    fn requests_are_told_apart_by_method_and_path() {
        let v1 = "/api/network/v1/enterprises/e/partners/settlements";
        assert_eq!(Endpoint::of("POST", v1), Endpoint::SettlementPostV1);
        assert_eq!(Endpoint::of("GET", v1), Endpoint::SettlementList);
        assert_eq!(Endpoint::of("GET", &format!("{v1}/id")), Endpoint::SettlementDetail);
        assert_eq!(Endpoint::of("GET", &format!("{v1}-signing")), Endpoint::SettlementsSigning);
        assert_eq!(Endpoint::of("GET", "/api/network/v1/enterprises/e/partners/balances"), Endpoint::PartnerReads);
        assert_eq!(Endpoint::of("POST", "/api/v1/settlements/confirm"), Endpoint::QuoteConfirm);
        assert_eq!(Endpoint::of("GET", "/api/v1/settlements/tx_1"), Endpoint::QuoteGet);
    }

    #[test]
    fn a_rule_reads_from_json() {
        let text = r#"{"on":"settlement_post","times":1,"behaviour":{"kind":"status","status":500,"body":"html","effect":true}}"#;
        let fault: Fault = serde_json::from_str(text).unwrap();
        assert_eq!(fault.behaviour, Behaviour::Status { status: 500, body: Body::Html, effect: true });
    }
}
