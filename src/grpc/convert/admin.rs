//! What a person decides: the requests.

use super::trade;
use super::violations::{InvalidRequest, Violations};
use crate::domain::ids::{EnterpriseId, ExternalId, MerchantId, Notes, SettlementId, TxId};
use crate::grpc::pb;
use crate::grpc::pb::resolve_quote_confirmation_request::Decision as QuoteWord;
use crate::grpc::pb::resolve_settlement_request::Decision as SettlementWord;
use crate::grpc::pb::resolve_trade_settlement_request::Decision;
use crate::service::trade::{TradeDecision, TradeResolution};
use crate::service::{QuoteResolution, SettlementDecision, SettlementResolution, SettlementVersion};

/// The most bytes of a reason: a timeline's line has room for it and for who gave it.
const MAX_WHY_BYTES: usize = 256;

/// Reads ResolveSettlement's request.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn resolve(request: &pb::ResolveSettlementRequest) -> Result<SettlementResolution, InvalidRequest> {
    let mut violations = Violations::new();
    let enterprise_id = violations.required("enterprise_id", &request.enterprise_id, EnterpriseId::new);
    let external_id = violations.required("external_id", &request.external_id, ExternalId::new);
    let expected_sequence = violations.within("expected_sequence", request.expected_sequence, 1, u64::MAX);
    let decision = violations.present("decision", request.decision.as_ref()).and_then(|decision| match decision {
        SettlementWord::SettlementId(id) => {
            violations.required("settlement_id", id, SettlementId::new).map(SettlementDecision::Adopt)
        }
        SettlementWord::GoOn(true) => Some(SettlementDecision::GoOn),
        SettlementWord::NotCreated(true) => Some(SettlementDecision::NotCreated),
        SettlementWord::GoOn(false) | SettlementWord::NotCreated(false) => {
            violations.add("decision", "must be true where it is one of the two");
            None
        }
    });
    let why = violations.length("why", &request.why, MAX_WHY_BYTES);
    let why = violations.required("why", &request.why, Notes::new).filter(|_| why);
    violations.finish(|| {
        let version =
            SettlementVersion { enterprise_id: enterprise_id?, external_id: external_id?, expected_sequence: expected_sequence? };
        Some(SettlementResolution { version, decision: decision?, why: why?.as_str().to_owned() })
    })
}

/// Reads ResolveTradeSettlement's request.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn resolve_trade(request: &pb::ResolveTradeSettlementRequest) -> Result<TradeResolution, InvalidRequest> {
    let mut violations = Violations::new();
    let enterprise_id = violations.required("enterprise_id", &request.enterprise_id, EnterpriseId::new);
    let request_id = violations.required("request_id", &request.request_id, trade::request_id);
    let decision = violations.present("decision", request.decision.as_ref()).and_then(|decision| match decision {
        Decision::SettlementId(id) => violations.required("settlement_id", id, SettlementId::new).map(TradeDecision::Created),
        Decision::TookEffect(true) => Some(TradeDecision::TookEffect),
        Decision::NotCreated(true) => Some(TradeDecision::Nothing),
        Decision::TookEffect(false) | Decision::NotCreated(false) => {
            violations.add("decision", "must be true where it is one of the two");
            None
        }
    });
    let why = violations.required("why", &request.why, Notes::new);
    violations.finish(|| {
        Some(TradeResolution {
            enterprise_id: enterprise_id?,
            request_id: request_id?,
            decision: decision?,
            why: why?.as_str().to_owned(),
        })
    })
}

/// Reads ResolveQuoteConfirmation's request.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn resolve_quote(request: &pb::ResolveQuoteConfirmationRequest) -> Result<QuoteResolution, InvalidRequest> {
    let mut violations = Violations::new();
    let merchant_id = violations.required("external_merchant_id", &request.external_merchant_id, MerchantId::new);
    let tx_id = violations.required("tx_id", &request.tx_id, TxId::new);
    let was_confirmed = violations.present("decision", request.decision.as_ref()).and_then(|decision| match decision {
        QuoteWord::Confirmed(true) => Some(true),
        QuoteWord::NotConfirmed(true) => Some(false),
        QuoteWord::Confirmed(false) | QuoteWord::NotConfirmed(false) => {
            violations.add("decision", "must be true where it is given");
            None
        }
    });
    let why = violations.required("why", &request.why, Notes::new);
    violations.finish(|| {
        Some(QuoteResolution {
            merchant_id: merchant_id?,
            tx_id: tx_id?,
            was_confirmed: was_confirmed?,
            why: why?.as_str().to_owned(),
        })
    })
}
