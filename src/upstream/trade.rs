//! BitGo Trade, as the service sees it.

use async_trait::async_trait;

use super::VenueFailure;
use crate::domain::budget::Urgency;
use crate::domain::ids::{AffirmationId, Currency, EnterpriseId, SettlementId, TradingAccountId};
use crate::domain::signing::Signature;
use crate::domain::trade::{
    Affirmation, AffirmationStatus, BaseUnits, PartyAmounts, SettlementFees, Trade, TradeAnswer, VenueTradeSettlement,
};

/// A trading account of an enterprise.
#[derive(Debug, Clone, Copy)]
pub struct AccountAt<'a> {
    /// The enterprise.
    pub enterprise_id: &'a EnterpriseId,
    /// The account.
    pub account_id: &'a TradingAccountId,
}

/// What fees are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeeQuery {
    /// Whom the account would settle with.
    pub counterparty_account_id: TradingAccountId,
    /// What it would send.
    pub send_amount: BaseUnits,
    /// The currency that it would send.
    pub send_currency: Currency,
    /// What it would receive.
    pub receive_amount: BaseUnits,
    /// The currency that it would receive.
    pub receive_currency: Currency,
}

/// What an account says to an affirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AffirmationWord<'a> {
    /// It agrees, and signs.
    Affirmed {
        /// The payload, verbatim.
        payload: &'a str,
        /// Its signature.
        signature: &'a Signature,
    },
    /// It turns the settlement down.
    Rejected,
    /// It withdraws.
    Canceled,
}

/// One enterprise's access to BitGo Trade, under its own credential. The venue documents no idempotency: the two writes are
/// sent once by whoever calls them, and never repeat themselves.
#[async_trait]
pub trait TradeVenue: Send + Sync {
    /// Asks for the text to sign. It may be repeated: each answer has nonces of its own and commits nobody.
    async fn trade_payload(&self, at: AccountAt<'_>, amounts: &[PartyAmounts]) -> Result<String, VenueFailure>;

    /// Creates a settlement, once.
    async fn create_trade_settlement(
        &self,
        at: AccountAt<'_>,
        payload: &str,
        signature: &Signature,
        trades: &[Trade],
    ) -> TradeAnswer;

    /// Says the account's word to an affirmation, once.
    async fn put_affirmation(&self, at: AccountAt<'_>, id: &AffirmationId, word: AffirmationWord<'_>) -> TradeAnswer;

    /// Lists the account's settlements, all that the venue gives. It may be repeated.
    async fn trade_settlements(&self, at: AccountAt<'_>, urgency: Urgency) -> Result<Vec<VenueTradeSettlement>, VenueFailure>;

    /// Reads one of the account's settlements; `None` when the venue knows none of this id. It may be repeated.
    async fn trade_settlement(&self, at: AccountAt<'_>, id: &SettlementId) -> Result<Option<VenueTradeSettlement>, VenueFailure>;

    /// Lists the account's affirmations. It may be repeated.
    async fn affirmations(&self, at: AccountAt<'_>, status: Option<AffirmationStatus>) -> Result<Vec<Affirmation>, VenueFailure>;

    /// Reads one of the account's affirmations; `None` when the venue knows none of this id. It may be repeated.
    async fn affirmation(
        &self,
        at: AccountAt<'_>,
        id: &AffirmationId,
        urgency: Urgency,
    ) -> Result<Option<Affirmation>, VenueFailure>;

    /// Asks what the fees of a settlement would be. It may be repeated.
    async fn calculate_fees(&self, at: AccountAt<'_>, query: &FeeQuery) -> Result<SettlementFees, VenueFailure>;

    /// Reads the credential again from where it is kept, after the venue refused it. `true` when it changed.
    fn reload_credential(&self) -> bool;
}
