//! Trade settlements: the requests.

use uuid::Uuid;

use super::limits::{MAX_PAGE_TOKEN_BYTES, MAX_TRADE_PAYLOAD_BYTES, MAX_TRADES};
use super::time::from_proto;
use super::violations::{InvalidRequest, Violations};
use crate::domain::amount::Amount;
use crate::domain::ids::{
    AffirmationId, Currency, EnterpriseId, ExternalId, RequestId, SettlementId, TextError, TradeId, TradingAccountId,
};
use crate::domain::trade::{
    AffirmationStatus, Affirming, BaseUnits, Basis, Creation, MAX_PARTIES, PartyAmounts, Trade, TradeAction, TradeAsked,
    TradeStatus,
};
use crate::grpc::page_token::Filter;
use crate::grpc::pb;
use crate::grpc::pb::create_trade_settlement_request::Basis as AskedBasis;
use crate::grpc::pb::get_trade_settlement_request::Name;
use crate::service::trade::{TradeEventsQuery, TradeName};
use crate::store::TradeListQuery;
use crate::upstream::FeeQuery;

/// A write, and until when it may go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedWrite {
    /// What is asked.
    pub asked: TradeAsked,
    /// After this instant it is not sent any more.
    pub submit_before: Option<jiff::Timestamp>,
}

/// A trading account of an enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The enterprise.
    pub enterprise_id: EnterpriseId,
    /// The account.
    pub account_id: TradingAccountId,
}

/// The settlements that are listed.
#[derive(Debug, Clone)]
pub enum Listed {
    /// A page of the journal's, and the filter that its token is bound to.
    Recorded(TradeListQuery, Filter),
    /// All of the venue's.
    AtVenue(Account),
}

/// Reads CreateTradeSettlement's request.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn create(request: &pb::CreateTradeSettlementRequest) -> Result<AskedWrite, InvalidRequest> {
    let mut violations = Violations::new();
    let named = named(&mut violations, (&request.request_id, &request.enterprise_id, &request.account_id));
    let trades = trades(&mut violations, &request.trades, 1);
    let basis = match violations.present("basis", request.basis.as_ref()) {
        Some(AskedBasis::Payload(payload)) => {
            violations.length("payload", payload, MAX_TRADE_PAYLOAD_BYTES).then(|| Basis::Payload(payload.clone()))
        }
        Some(AskedBasis::Amounts(list)) => amounts(&mut violations, "amounts.amounts", &list.amounts, 1).map(Basis::Amounts),
        None => None,
    };
    let max_fee = violations.optional("max_fee_amount", request.max_fee_amount.as_deref(), BaseUnits::parse);
    let submit_before = violations.optional_time("submit_before", request.submit_before);
    violations.finish(|| {
        let action = TradeAction::Create(Creation { trades: trades?, basis: basis?, max_fee: max_fee? });
        Some(AskedWrite { asked: named?.asking(action), submit_before: submit_before? })
    })
}

/// Reads Affirm's request.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn affirm(request: &pb::AffirmRequest) -> Result<AskedWrite, InvalidRequest> {
    let mut violations = Violations::new();
    let named = named(&mut violations, (&request.request_id, &request.enterprise_id, &request.account_id));
    let affirmation_id = violations.required("affirmation_id", &request.affirmation_id, AffirmationId::new);
    let amounts = amounts(&mut violations, "amounts", &request.amounts, 0);
    let trades = trades(&mut violations, &request.trades, 0);
    if request.amounts.is_empty() && request.trades.is_empty() {
        violations.add("amounts", "is required unless trades are given");
    }
    let account_id = request.account_id.as_str();
    if !request.amounts.is_empty() && !request.amounts.iter().any(|amounts| amounts.account_id == account_id) {
        violations.add("amounts", "must name account_id");
    }
    let max_fee = violations.optional("max_fee_amount", request.max_fee_amount.as_deref(), BaseUnits::parse);
    let submit_before = violations.optional_time("submit_before", request.submit_before);
    violations.finish(|| {
        let affirming = Affirming { affirmation_id: affirmation_id?, amounts: amounts?, trades: trades?, max_fee: max_fee? };
        Some(AskedWrite { asked: named?.asking(TradeAction::Affirm(affirming)), submit_before: submit_before? })
    })
}

/// Reads Reject's request.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn reject(request: &pb::RejectRequest) -> Result<AskedWrite, InvalidRequest> {
    let names = (request.request_id.as_str(), request.enterprise_id.as_str(), request.account_id.as_str());
    word(names, &request.affirmation_id, TradeAction::Reject)
}

/// Reads Cancel's request.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn cancel(request: &pb::CancelRequest) -> Result<AskedWrite, InvalidRequest> {
    let names = (request.request_id.as_str(), request.enterprise_id.as_str(), request.account_id.as_str());
    word(names, &request.affirmation_id, TradeAction::Cancel)
}

fn word(
    names: (&str, &str, &str),
    affirmation_id: &str,
    action: impl FnOnce(AffirmationId) -> TradeAction,
) -> Result<AskedWrite, InvalidRequest> {
    let mut violations = Violations::new();
    let named = named(&mut violations, names);
    let affirmation_id = violations.required("affirmation_id", affirmation_id, AffirmationId::new);
    violations.finish(|| Some(AskedWrite { asked: named?.asking(action(affirmation_id?)), submit_before: None }))
}

/// Reads GetTradeSettlement's request.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn get(request: &pb::GetTradeSettlementRequest) -> Result<(Account, TradeName), InvalidRequest> {
    let mut violations = Violations::new();
    let account = account(&mut violations, &request.enterprise_id, &request.account_id);
    let name = violations.present("name", request.name.as_ref()).and_then(|name| match name {
        Name::RequestId(id) => violations.required("request_id", id, request_id).map(TradeName::Request),
        Name::SettlementId(id) => violations.required("settlement_id", id, SettlementId::new).map(TradeName::Venue),
    });
    violations.finish(|| Some((account?, name?)))
}

/// Reads ListTradeSettlements' request.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn list(request: &pb::ListTradeSettlementsRequest) -> Result<Listed, InvalidRequest> {
    let mut violations = Violations::new();
    let account = account(&mut violations, &request.enterprise_id, &request.account_id);
    let limit = violations.page_size("page_size", request.page_size);
    let filter = Filter::of("TradeSettlementService/ListTradeSettlements")
        .text(&request.enterprise_id)
        .text(&request.account_id)
        .text(&request.page_size.to_string());
    let mut after = None;
    if let Some(token) = &request.page_token {
        if request.at_venue {
            violations.add("page_token", "must be absent with at_venue");
        } else if violations.length("page_token", token, MAX_PAGE_TOKEN_BYTES) {
            after = violations.required("page_token", token, |token| filter.position(token)).map(Uuid::from_bytes);
        }
    }
    violations.finish(|| {
        let (account, limit) = (account?, limit?);
        if request.at_venue {
            return Some(Listed::AtVenue(account));
        }
        let Account { enterprise_id, account_id } = account;
        Some(Listed::Recorded(TradeListQuery { enterprise_id, account_id, after, limit }, filter))
    })
}

/// Reads ListTradeSettlementEvents' request.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn events(request: &pb::ListTradeSettlementEventsRequest) -> Result<TradeEventsQuery, InvalidRequest> {
    let mut violations = Violations::new();
    let account = account(&mut violations, &request.enterprise_id, &request.account_id);
    let request_id = violations.required("request_id", &request.request_id, request_id);
    let limit = violations.page_size("page_size", request.page_size);
    violations.finish(|| {
        let Account { enterprise_id, account_id } = account?;
        let after_sequence = request.after_sequence;
        Some(TradeEventsQuery { enterprise_id, account_id, request_id: request_id?, after_sequence, limit: limit? })
    })
}

/// Reads ListAffirmations' request.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn affirmations(request: &pb::ListAffirmationsRequest) -> Result<(Account, Option<AffirmationStatus>), InvalidRequest> {
    let mut violations = Violations::new();
    let account = account(&mut violations, &request.enterprise_id, &request.account_id);
    let status = violations.known("status", request.status).map(|status| match status {
        pb::AffirmationStatus::Unspecified => None,
        pb::AffirmationStatus::Pending => Some(AffirmationStatus::Pending),
        pb::AffirmationStatus::Overdue => Some(AffirmationStatus::Overdue),
        pb::AffirmationStatus::Rejected => Some(AffirmationStatus::Rejected),
        pb::AffirmationStatus::Affirmed => Some(AffirmationStatus::Affirmed),
        pb::AffirmationStatus::Failed => Some(AffirmationStatus::Failed),
        pb::AffirmationStatus::Canceled => Some(AffirmationStatus::Canceled),
    });
    violations.finish(|| Some((account?, status?)))
}

/// Reads CalculateFees' request.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn fees(request: &pb::CalculateFeesRequest) -> Result<(Account, FeeQuery), InvalidRequest> {
    let mut violations = Violations::new();
    let account = account(&mut violations, &request.enterprise_id, &request.account_id);
    let counterparty = violations.required("counterparty_account_id", &request.counterparty_account_id, TradingAccountId::new);
    let send_amount = violations.required("send_amount", &request.send_amount, BaseUnits::parse);
    let send_currency = violations.required("send_currency", &request.send_currency, Currency::new);
    let receive_amount = violations.required("receive_amount", &request.receive_amount, BaseUnits::parse);
    let receive_currency = violations.required("receive_currency", &request.receive_currency, Currency::new);
    violations.finish(|| {
        let query = FeeQuery {
            counterparty_account_id: counterparty?,
            send_amount: send_amount?,
            send_currency: send_currency?,
            receive_amount: receive_amount?,
            receive_currency: receive_currency?,
        };
        Some((account?, query))
    })
}

/// The names that every write has.
struct Named {
    account: Account,
    request_id: RequestId,
}

impl Named {
    fn asking(self, action: TradeAction) -> TradeAsked {
        let Account { enterprise_id, account_id } = self.account;
        TradeAsked { enterprise_id, account_id, request_id: self.request_id, action }
    }
}

fn named(violations: &mut Violations, (request_id, enterprise_id, account_id): (&str, &str, &str)) -> Option<Named> {
    let request_id = violations.required("request_id", request_id, |text| match Uuid::try_parse(text) {
        Ok(_) => self::request_id(text).map_err(|_| "must be a UUID"),
        Err(_) => Err("must be a UUID"),
    });
    let account = account(violations, enterprise_id, account_id);
    Some(Named { request_id: request_id?, account: account? })
}

/// The name of a recorded write. A UUID has one spelling, so that no repeat passes for another request, and no read for one that
/// nobody made.
pub(super) fn request_id(text: &str) -> Result<RequestId, TextError> {
    RequestId::new(Uuid::try_parse(text).map_or_else(|_| text.to_owned(), |id| id.hyphenated().to_string()))
}

fn account(violations: &mut Violations, enterprise_id: &str, account_id: &str) -> Option<Account> {
    let enterprise_id = violations.required("enterprise_id", enterprise_id, EnterpriseId::new);
    let account_id = violations.required("account_id", account_id, TradingAccountId::new);
    Some(Account { enterprise_id: enterprise_id?, account_id: account_id? })
}

fn amounts(violations: &mut Violations, field: &str, amounts: &[pb::TradeAmounts], at_least: usize) -> Option<Vec<PartyAmounts>> {
    if !violations.count(field, amounts.len(), at_least, MAX_PARTIES) {
        return None;
    }
    let read = amounts.iter().enumerate().map(|(place, entry)| {
        let account_id =
            violations.required(format_args!("{field}[{place}].account_id"), &entry.account_id, TradingAccountId::new);
        let mut units =
            |name: &str, text: &str| violations.required(format_args!("{field}[{place}].{name}"), text, BaseUnits::parse);
        let (send_amount, receive_amount) =
            (units("send_amount", &entry.send_amount), units("receive_amount", &entry.receive_amount));
        let mut currency =
            |name: &str, text: &str| violations.required(format_args!("{field}[{place}].{name}"), text, Currency::new);
        let (send_currency, receive_currency) =
            (currency("send_currency", &entry.send_currency), currency("receive_currency", &entry.receive_currency));
        Some(PartyAmounts {
            account_id: account_id?,
            send_amount: send_amount?,
            send_currency: send_currency?,
            receive_amount: receive_amount?,
            receive_currency: receive_currency?,
        })
    });
    let read: Vec<Option<PartyAmounts>> = read.collect();
    read.into_iter().collect()
}

fn trades(violations: &mut Violations, trades: &[pb::Trade], at_least: usize) -> Option<Vec<Trade>> {
    if !violations.count("trades", trades.len(), at_least, MAX_TRADES) {
        return None;
    }
    let read: Vec<Option<Trade>> =
        trades.iter().enumerate().map(|(place, entry)| trade(violations, &format!("trades[{place}]"), entry)).collect();
    read.into_iter().collect()
}

fn trade(violations: &mut Violations, path: &str, entry: &pb::Trade) -> Option<Trade> {
    let id = violations.optional(format_args!("{path}.id"), entry.id.as_deref(), TradeId::new);
    let base_account = violations.required(format_args!("{path}.base_account_id"), &entry.base_account_id, TradingAccountId::new);
    let quote_account =
        violations.required(format_args!("{path}.quote_account_id"), &entry.quote_account_id, TradingAccountId::new);
    if base_account.is_some() && base_account == quote_account {
        violations.add(format_args!("{path}.quote_account_id"), "must be another account");
    }
    let status = violations.known(format_args!("{path}.status"), entry.status).map(status);
    let timestamp = violations
        .present(format_args!("{path}.timestamp"), entry.timestamp)
        .and_then(|at| from_proto(at).map_err(|error| violations.add(format_args!("{path}.timestamp"), error)).ok());
    let base_amount = sent(violations, &format!("{path}.base_amount"), &entry.base_amount);
    let quote_amount = sent(violations, &format!("{path}.quote_amount"), &entry.quote_amount);
    let base_currency = violations.required(format_args!("{path}.base_currency"), &entry.base_currency, Currency::new);
    let quote_currency = violations.required(format_args!("{path}.quote_currency"), &entry.quote_currency, Currency::new);
    let base = (entry.base_receive_amount.as_deref(), entry.base_receive_currency.as_deref());
    let base_receive = received(violations, &format!("{path}.base_receive"), base);
    let quote = (entry.quote_receive_amount.as_deref(), entry.quote_receive_currency.as_deref());
    let quote_receive = received(violations, &format!("{path}.quote_receive"), quote);
    let cost_basis = violations.optional(format_args!("{path}.cost_basis"), entry.cost_basis.as_deref(), Amount::parse);
    let cost_basis_currency =
        violations.optional(format_args!("{path}.cost_basis_currency"), entry.cost_basis_currency.as_deref(), Currency::new);
    let external_id = violations.optional(format_args!("{path}.external_id"), entry.external_id.as_deref(), ExternalId::new);
    Some(Trade {
        id: id?,
        base_account_id: base_account?,
        quote_account_id: quote_account?,
        status: status?,
        timestamp: timestamp?,
        base_amount: base_amount?,
        quote_amount: quote_amount?,
        base_currency: base_currency?,
        quote_currency: quote_currency?,
        base_receive: base_receive?,
        quote_receive: quote_receive?,
        cost_basis: cost_basis?,
        cost_basis_currency: cost_basis_currency?,
        external_id: external_id?,
    })
}

/// An amount that is sent: nobody trades nothing.
fn sent(violations: &mut Violations, path: &str, text: &str) -> Option<BaseUnits> {
    let amount = violations.required(path, text, BaseUnits::parse)?;
    if amount.is_zero() {
        violations.add(path, "must not be zero");
        return None;
    }
    Some(amount)
}

/// What is received beside the trade's own amounts: amount and currency, or neither.
fn received(
    violations: &mut Violations,
    path: &str,
    (amount, currency): (Option<&str>, Option<&str>),
) -> Option<Option<(BaseUnits, Currency)>> {
    if amount.is_some() != currency.is_some() {
        violations.add(format_args!("{path}_currency"), "must come with its amount, and the amount with it");
        return None;
    }
    let amount = violations.optional(format_args!("{path}_amount"), amount, BaseUnits::parse);
    let currency = violations.optional(format_args!("{path}_currency"), currency, Currency::new);
    Some(amount?.zip(currency?))
}

fn status(status: pb::TradeStatus) -> TradeStatus {
    match status {
        pb::TradeStatus::Unspecified | pb::TradeStatus::Pending => TradeStatus::Pending,
        pb::TradeStatus::Overdue => TradeStatus::Overdue,
        pb::TradeStatus::Rejected => TradeStatus::Rejected,
        pb::TradeStatus::Affirmed => TradeStatus::Affirmed,
        pb::TradeStatus::Settled => TradeStatus::Settled,
        pb::TradeStatus::Failed => TradeStatus::Failed,
        pb::TradeStatus::Executed => TradeStatus::Executed,
        pb::TradeStatus::Canceled => TradeStatus::Canceled,
    }
}

#[cfg(test)]
#[path = "trade_tests.rs"]
mod tests;
