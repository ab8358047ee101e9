//! Whether accounts hold what a settlement would take from them, with the closed disputes that it would pull in.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use super::directory::Enterprise;
use super::renewing::renewing;
use crate::domain::amount::{Amount, canonical};
use crate::domain::dispute::{ClosureStatus, Dispute};
use crate::domain::ids::{ConnectionId, Currency};
use crate::domain::network::{Connection, ConnectionQuery, DisputeQuery, Page};
use crate::domain::settlement::{Intent, Leg, Route, Shortfall, shortfalls};
use crate::domain::time::Clock;
use crate::domain::transfer::Transfer;
use crate::upstream::VenueFailure;

/// How many disputes, or connections, are asked for at once.
const PAGE_SIZE: u32 = 200;
/// The most pages of either: more than any partner has at a time.
const MAX_PAGES: u32 = 50;
/// How many connections one question names: their ids stay far below what a URL can hold.
const CONNECTIONS_AT_ONCE: usize = 50;

/// What the venue says that accounts hold, beside what a settlement would take from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Funds {
    /// The accounts that owe more than they have, the partner's own first, then by connection and currency.
    pub shortfalls: Vec<Shortfall>,
    /// Whether the venue tells the partner's own balances; where it does not, nothing is said of them.
    pub own_balance_told: bool,
    /// How many closed disputes the settlement would pull in; what they move is counted.
    pub closed_disputes: usize,
    /// When the balances were read.
    pub read_at: Timestamp,
}

/// Reads what accounts hold and holds it against what a settlement would take.
pub(super) async fn check(enterprise: &Enterprise, intent: &Intent, clock: &dyn Clock) -> Result<Funds, VenueFailure> {
    let pulled_in = match intent.route {
        // Without disputes nothing is pulled in.
        Route::V1 => Vec::new(),
        Route::V2 => to_be_pulled_in(enterprise).await?,
    };
    let accounts = network_accounts(enterprise, &pulled_in).await?;
    let venue = enterprise.venue.as_ref();
    let balances = renewing(venue, || venue.network_balances(&enterprise.id)).await?;
    let mut legs = intent.asked.amounts.legs().to_vec();
    legs.extend(adjusted(&pulled_in).filter_map(|transfer| leg_of(transfer, &accounts)));
    Ok(Funds {
        shortfalls: shortfalls(&legs, &balances),
        own_balance_told: balances.iter().any(|balance| balance.connection_id.is_none()),
        closed_disputes: pulled_in.len(),
        read_at: clock.now(),
    })
}

/// The closed disputes that wait for a settlement, but for those whose closure was turned down.
async fn to_be_pulled_in(enterprise: &Enterprise) -> Result<Vec<Dispute>, VenueFailure> {
    let mut found = Vec::new();
    for number in 0..MAX_PAGES {
        let query = DisputeQuery {
            enterprise_id: enterprise.id.clone(),
            settlement_ids: Vec::new(),
            settled_in_settlement_ids: Vec::new(),
            connection_ids: Vec::new(),
            closed: Some(true),
            with_retracted: false,
            page: Page { number, size: PAGE_SIZE },
        };
        let page = renewing(enterprise.venue.as_ref(), || enterprise.reads.disputes(&query)).await?;
        let was_last = is_last(page.len());
        found.extend(page.into_iter().filter(waits_for_a_settlement));
        if was_last {
            return Ok(found);
        }
    }
    Err(VenueFailure::Unreadable { detail: "the disputes have too many pages".to_owned() })
}

fn waits_for_a_settlement(dispute: &Dispute) -> bool {
    let stands = dispute.dispute_closure.as_ref().is_some_and(|closure| closure.status != ClosureStatus::Rejected);
    stands && !dispute.retracted && dispute.settled_in_settlement_id.is_none()
}

fn is_last(entries: usize) -> bool {
    u32::try_from(entries).is_ok_and(|entries| entries < PAGE_SIZE)
}

/// The connections of disputes by the network accounts that transfers name.
async fn network_accounts(enterprise: &Enterprise, disputes: &[Dispute]) -> Result<HashMap<String, ConnectionId>, VenueFailure> {
    let ids: BTreeSet<&str> = disputes.iter().map(|dispute| dispute.connection_id.as_str()).collect();
    let ids: Vec<ConnectionId> = ids.into_iter().filter_map(|id| ConnectionId::new(id).ok()).collect();
    let mut accounts = HashMap::new();
    for some in ids.chunks(CONNECTIONS_AT_ONCE) {
        let query = ConnectionQuery {
            enterprise_id: enterprise.id.clone(),
            connection_ids: some.to_vec(),
            active: None,
            page: Page { number: 0, size: PAGE_SIZE },
        };
        let connections = renewing(enterprise.venue.as_ref(), || enterprise.reads.connections(&query)).await?;
        let named = |connection: Connection| Some((connection.network_account_id, ConnectionId::new(connection.id).ok()?));
        accounts.extend(connections.into_iter().filter_map(named));
    }
    Ok(accounts)
}

/// What closures move.
fn adjusted(disputes: &[Dispute]) -> impl Iterator<Item = &Transfer> {
    disputes
        .iter()
        .filter_map(|dispute| dispute.dispute_closure.as_ref())
        .flat_map(|closure| &closure.adjusted_settlement_transfers)
}

/// A closure's transfer as the leg that moves as much: of a connection with the partner's own account, or of two connections.
/// `None` where it names an account that is neither.
fn leg_of(transfer: &Transfer, accounts: &HashMap<String, ConnectionId>) -> Option<Leg> {
    let account = |id: &Option<String>| match id {
        Some(id) => accounts.get(id).cloned().map(Some),
        None => Some(None),
    };
    let from = account(&transfer.source.network_account_id)?;
    let to = account(&transfer.destination.network_account_id)?;
    let quantity = Amount::parse(&transfer.quantity).ok()?;
    // A positive leg is paid to its connection by the partner, or by its connection to its counterparty.
    let (connection_id, counterparty_connection_id, amount) = match (from, to) {
        (Some(from), Some(to)) => (from, Some(to), quantity),
        (None, Some(to)) => (to, None, quantity),
        (Some(from), None) => (from, None, Amount::parse(&canonical(&-quantity.value())).ok()?),
        (None, None) => return None,
    };
    Some(Leg { connection_id, counterparty_connection_id, currency: Currency::new(transfer.currency.as_str()).ok()?, amount })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::settlement::VenueStatus;
    use crate::domain::transfer::{TransferParty, TransferStatus};

    fn transfer(from: Option<&str>, to: Option<&str>, quantity: &str) -> Transfer {
        let party =
            |account: Option<&str>| TransferParty { network_account_id: account.map(str::to_owned), ..TransferParty::default() };
        Transfer {
            id: "t".to_owned(),
            settlement_id: None,
            source: party(from),
            destination: party(to),
            currency: "BTC".to_owned(),
            quantity: quantity.to_owned(),
            tx_ids: Vec::new(),
            status: TransferStatus::PendingSettlementAssignment,
            status_text: "pending_settlement_assignment".to_owned(),
            usd_value_cents: None,
            dispute_closure_id: None,
            settlement_status: VenueStatus::Unrecognised,
            settlement_status_text: String::new(),
            settlement_notes: None,
            created_at: None,
            updated_at: None,
        }
    }

    #[test]
    fn a_transfer_is_a_leg_that_moves_as_much_the_same_way() {
        let id = |text: &str| ConnectionId::new(text).unwrap();
        let accounts = HashMap::from([("na".to_owned(), id("a")), ("nb".to_owned(), id("b"))]);
        let leg = |from, to, quantity| {
            let leg = leg_of(&transfer(from, to, quantity), &accounts)?;
            let counterparty = leg.counterparty_connection_id.map(|id| id.as_str().to_owned());
            Some((leg.connection_id.as_str().to_owned(), counterparty, leg.amount.canonical()))
        };
        let some = |connection: &str, counterparty: Option<&str>, amount: &str| {
            Some((connection.to_owned(), counterparty.map(str::to_owned), amount.to_owned()))
        };
        assert_eq!(leg(None, Some("na"), "1.50"), some("a", None, "1.5"), "the partner pays");
        assert_eq!(leg(None, Some("na"), "-1.5"), some("a", None, "-1.5"), "the client pays");
        assert_eq!(leg(Some("na"), None, "1.5"), some("a", None, "-1.5"), "the client pays");
        assert_eq!(leg(Some("na"), Some("nb"), "2"), some("a", Some("b"), "2"));
        assert_eq!(leg(Some("elsewhere"), Some("nb"), "2"), None);
        assert_eq!(leg(None, None, "2"), None);
    }
}
