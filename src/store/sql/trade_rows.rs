//! What is asked of BitGo Trade, and what it shows, as JSON columns: this version's own format.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::mirror::{Mirror, mirror_struct, mirror_text};
use crate::domain::amount::Amount;
use crate::domain::ids::{AffirmationId, CallerId, Currency, ExternalId, TradeId, TradingAccountId};
use crate::domain::trade::{
    Affirmation, Affirming, BaseUnits, Basis, Creation, Lock, PartyAmounts, Resolution, Shown, ShownTrade, Trade, TradeAction,
    TradeStatus, VenueTradeSettlement,
};

mirror_text! {
    AffirmationId => |text| Self::new(text).ok(),
    Amount => |text| Self::parse(text).ok(),
    BaseUnits => |text| Self::parse(text).ok(),
    CallerId => |text| Self::new(text).ok(),
    Currency => |text| Self::new(text).ok(),
    ExternalId => |text| Self::new(text).ok(),
    TradeId => |text| Self::new(text).ok(),
    TradeStatus => Self::from_name,
    TradingAccountId => |text| Self::new(text).ok(),
}

mirror_struct!(PartyRow of PartyAmounts {
    account_id: TradingAccountId,
    send_amount: BaseUnits,
    send_currency: Currency,
    receive_amount: BaseUnits,
    receive_currency: Currency,
});

mirror_struct!(TradeRow of Trade {
    id: Option<TradeId>,
    base_account_id: TradingAccountId,
    quote_account_id: TradingAccountId,
    status: TradeStatus,
    timestamp: Timestamp,
    base_amount: BaseUnits,
    quote_amount: BaseUnits,
    base_currency: Currency,
    quote_currency: Currency,
    base_receive: Option<(BaseUnits, Currency)>,
    quote_receive: Option<(BaseUnits, Currency)>,
    cost_basis: Option<Amount>,
    cost_basis_currency: Option<Currency>,
    external_id: Option<ExternalId>,
});

mirror_struct!(CreationRow of Creation { trades: Vec<Trade>, basis: Basis, max_fee: Option<BaseUnits> });

mirror_struct!(AffirmingRow of Affirming {
    affirmation_id: AffirmationId,
    amounts: Vec<PartyAmounts>,
    trades: Vec<Trade>,
    max_fee: Option<BaseUnits>,
});

mirror_struct!(LockRow of Lock {
    id: Option<String>,
    account_id: Option<String>,
    status: Option<String>,
    amount: Option<String>,
    currency: Option<String>,
    created_at: Option<Timestamp>,
});

mirror_struct!(AffirmationRow of Affirmation {
    id: Option<String>,
    party_account_id: Option<String>,
    counterparty_account_id: Option<String>,
    counterparty_name: Option<String>,
    status_text: Option<String>,
    settlement_id: Option<String>,
    lock: Option<Lock>,
    payload: Option<String>,
    signature: Option<String>,
    created_at: Option<Timestamp>,
    expire_at: Option<Timestamp>,
});

mirror_struct!(ShownTradeRow of ShownTrade {
    id: Option<String>,
    base_account_id: Option<String>,
    quote_account_id: Option<String>,
    status_text: Option<String>,
    timestamp: Option<Timestamp>,
    base_amount: Option<String>,
    quote_amount: Option<String>,
    base_currency: Option<String>,
    quote_currency: Option<String>,
    base_receive_amount: Option<String>,
    quote_receive_amount: Option<String>,
    base_receive_currency: Option<String>,
    quote_receive_currency: Option<String>,
    cost_basis: Option<String>,
    cost_basis_currency: Option<String>,
    external_id: Option<String>,
});

mirror_struct!(SettlementRow of VenueTradeSettlement {
    id: Option<String>,
    requester_account_id: Option<String>,
    requester_account_name: Option<String>,
    status_text: Option<String>,
    type_text: Option<String>,
    affirmations: Vec<Affirmation>,
    expire_at: Option<Timestamp>,
    finalized_at: Option<Timestamp>,
    created_at: Option<Timestamp>,
    trades: Vec<ShownTrade>,
});

mirror_struct!(ResolutionRow of Resolution { took_effect: bool, by: CallerId, why: String, at: Timestamp });

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum BasisRow {
    Amounts(Vec<PartyRow>),
    Payload(String),
}

impl Mirror for Basis {
    type Row = BasisRow;
    fn to_row(&self) -> BasisRow {
        match self {
            Self::Amounts(amounts) => BasisRow::Amounts(amounts.to_row()),
            Self::Payload(payload) => BasisRow::Payload(payload.clone()),
        }
    }
    fn from_row(row: BasisRow) -> Option<Self> {
        match row {
            BasisRow::Amounts(amounts) => Vec::from_row(amounts).map(Self::Amounts),
            BasisRow::Payload(payload) => Some(Self::Payload(payload)),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ActionRow {
    Create(CreationRow),
    Affirm(AffirmingRow),
    Reject(String),
    Cancel(String),
}

impl Mirror for TradeAction {
    type Row = ActionRow;
    fn to_row(&self) -> ActionRow {
        match self {
            Self::Create(creation) => ActionRow::Create(creation.to_row()),
            Self::Affirm(affirming) => ActionRow::Affirm(affirming.to_row()),
            Self::Reject(id) => ActionRow::Reject(id.to_row()),
            Self::Cancel(id) => ActionRow::Cancel(id.to_row()),
        }
    }
    fn from_row(row: ActionRow) -> Option<Self> {
        match row {
            ActionRow::Create(row) => Creation::from_row(row).map(Self::Create),
            ActionRow::Affirm(row) => Affirming::from_row(row).map(Self::Affirm),
            ActionRow::Reject(row) => AffirmationId::from_row(row).map(Self::Reject),
            ActionRow::Cancel(row) => AffirmationId::from_row(row).map(Self::Cancel),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ShownRow {
    Settlement(SettlementRow),
    Affirmation(AffirmationRow),
}

impl Mirror for Shown {
    type Row = ShownRow;
    fn to_row(&self) -> ShownRow {
        match self {
            Self::Settlement(settlement) => ShownRow::Settlement(settlement.to_row()),
            Self::Affirmation(affirmation) => ShownRow::Affirmation(affirmation.to_row()),
        }
    }
    fn from_row(row: ShownRow) -> Option<Self> {
        match row {
            ShownRow::Settlement(row) => VenueTradeSettlement::from_row(row).map(|found| Self::Settlement(Box::new(found))),
            ShownRow::Affirmation(row) => Affirmation::from_row(row).map(|found| Self::Affirmation(Box::new(found))),
        }
    }
}
