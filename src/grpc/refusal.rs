//! The statuses of calls that never reach a handler, or that it never answered: rows of the same table as all errors.

use tonic::Status;

use super::pb::ErrorReason;
use super::status::{About, Kind, refused};

/// The status of a call to `path`. For a settlement's write it also says what may have become of the settlement.
pub(super) fn refuse(path: &str, reason: ErrorReason) -> Status {
    refused(reason, &about(path))
}

fn about(path: &str) -> About {
    match path {
        "/settlement.v1.SettlementService/InitiateSettlement" => {
            About::call("SettlementService/InitiateSettlement").that(Kind::Initiates)
        }
        "/settlement.v1.SettlementService/RetrySettlement" => {
            About::call("SettlementService/RetrySettlement").that(Kind::Changes)
        }
        "/settlement.v1.SettlementService/CancelSettlement" => {
            About::call("SettlementService/CancelSettlement").that(Kind::Changes)
        }
        "/settlement.v1.QuoteService/ConfirmQuote" => About::call("QuoteService/ConfirmQuote").that(Kind::Changes),
        "/settlement.v1.TradeSettlementService/CreateTradeSettlement" => {
            About::call("TradeSettlementService/CreateTradeSettlement").that(Kind::Changes)
        }
        "/settlement.v1.TradeSettlementService/Affirm" => About::call("TradeSettlementService/Affirm").that(Kind::Changes),
        "/settlement.v1.TradeSettlementService/Reject" => About::call("TradeSettlementService/Reject").that(Kind::Changes),
        "/settlement.v1.TradeSettlementService/Cancel" => About::call("TradeSettlementService/Cancel").that(Kind::Changes),
        // The rest writes no settlement; which it is, changes nothing in the status.
        _ => About::call("unknown"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::StatusExt;

    fn outcome(method: &str, reason: ErrorReason) -> Option<String> {
        outcome_of(&format!("SettlementService/{method}"), reason)
    }

    fn outcome_of(rpc: &str, reason: ErrorReason) -> Option<String> {
        let status = refuse(&format!("/settlement.v1.{rpc}"), reason);
        status.get_details_error_info().unwrap().metadata.get("outcome").cloned()
    }

    #[test]
    fn a_payout_or_a_trade_that_was_begun_and_not_answered_is_unknown_too() {
        for rpc in ["CreateTradeSettlement", "Affirm", "Reject", "Cancel"] {
            let rpc = format!("TradeSettlementService/{rpc}");
            assert_eq!(outcome_of(&rpc, ErrorReason::Internal).as_deref(), Some("UNKNOWN"), "{rpc}");
        }
        assert_eq!(outcome_of("QuoteService/ConfirmQuote", ErrorReason::Internal).as_deref(), Some("UNKNOWN"));
        assert_eq!(outcome_of("TradeSettlementService/ListAffirmations", ErrorReason::Internal), None);
    }

    #[test]
    fn a_write_that_was_begun_and_not_answered_is_unknown_and_one_that_was_not_begun_is_not() {
        assert_eq!(outcome("InitiateSettlement", ErrorReason::Internal).as_deref(), Some("UNKNOWN"));
        assert_eq!(outcome("RetrySettlement", ErrorReason::Internal).as_deref(), Some("UNKNOWN"));
        assert_eq!(outcome("GetSettlement", ErrorReason::Internal), None);
    }

    #[test]
    fn a_write_that_outlasts_its_deadline_may_be_on_its_way_and_says_so() {
        for method in ["InitiateSettlement", "RetrySettlement", "CancelSettlement"] {
            let status = refuse(&format!("/settlement.v1.SettlementService/{method}"), ErrorReason::DeadlineExceeded);
            let told = status.get_details_error_info().unwrap().metadata;
            assert_eq!((told["outcome"].as_str(), told["next_action"].as_str()), ("UNKNOWN", "WAIT"), "{method}");
        }
        assert_eq!(outcome("GetSettlement", ErrorReason::DeadlineExceeded), None);
    }
}
