//! Whether accounts hold what a settlement would take from them, with the closed disputes that it would pull in.

use jiff::Timestamp;

use super::directory::Enterprise;
use super::pages::all_pages;
use super::renewing::renewing;
use crate::domain::dispute::{ClosureStatus, Dispute};
use crate::domain::network::{Connection, ConnectionQuery, DisputeQuery, Page};
use crate::domain::settlement::{Accounts, Intent, Leg, Route, Shape, Shortfall, legs_of, shortfalls};
use crate::domain::time::Clock;
use crate::domain::transfer::Transfer;
use crate::upstream::VenueFailure;

/// How many disputes, or connections, are asked for at once.
const PAGE_SIZE: u32 = 200;
/// The most pages of either: more than any partner has at a time.
const MAX_PAGES: u32 = 50;

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
    let mut legs = intent.asked.amounts.legs().to_vec();
    legs.extend(moved_by(enterprise, &pulled_in, intent.asked.amounts.shape()).await?);
    let venue = enterprise.venue.as_ref();
    let balances = renewing(venue, || venue.network_balances(&enterprise.id)).await?;
    Ok(Funds {
        shortfalls: shortfalls(&legs, &balances),
        own_balance_told: balances.iter().any(|balance| balance.connection_id.is_none()),
        closed_disputes: pulled_in.len(),
        read_at: clock.now(),
    })
}

/// The closed disputes that wait for a settlement, but for those whose closure was turned down.
async fn to_be_pulled_in(enterprise: &Enterprise) -> Result<Vec<Dispute>, VenueFailure> {
    let read = async |number| {
        let query = DisputeQuery {
            enterprise_id: enterprise.id.clone(),
            settlement_ids: Vec::new(),
            settled_in_settlement_ids: Vec::new(),
            connection_ids: Vec::new(),
            closed: Some(true),
            with_retracted: false,
            page: Page { number, size: PAGE_SIZE },
        };
        renewing(enterprise.venue.as_ref(), || enterprise.reads.disputes(&query)).await
    };
    let mut found = all_pages("the disputes", MAX_PAGES, |one: &Dispute| &one.id, read).await?;
    found.retain(waits_for_a_settlement);
    Ok(found)
}

fn waits_for_a_settlement(dispute: &Dispute) -> bool {
    let stands = dispute.dispute_closure.as_ref().is_some_and(|closure| closure.status != ClosureStatus::Rejected);
    stands && !dispute.retracted && dispute.settled_in_settlement_id.is_none()
}

/// What closures move, as legs. Whose an account is, is asked only where there is something to explain.
async fn moved_by(enterprise: &Enterprise, disputes: &[Dispute], shape: Shape) -> Result<Vec<Leg>, VenueFailure> {
    let closures = disputes.iter().filter_map(|dispute| dispute.dispute_closure.as_ref());
    let transfers: Vec<Transfer> = closures.flat_map(|closure| &closure.adjusted_settlement_transfers).cloned().collect();
    if transfers.is_empty() {
        return Ok(Vec::new());
    }
    let accounts = Accounts::of(&connections(enterprise).await?);
    legs_of(&transfers, &accounts, shape).map_err(|unreadable| VenueFailure::Unreadable { detail: unreadable.0.to_owned() })
}

/// All connections: a closure's transfers may lead to others than its dispute's.
async fn connections(enterprise: &Enterprise) -> Result<Vec<Connection>, VenueFailure> {
    let read = async |number| {
        let query = ConnectionQuery {
            enterprise_id: enterprise.id.clone(),
            connection_ids: Vec::new(),
            active: None,
            page: Page { number, size: PAGE_SIZE },
        };
        renewing(enterprise.venue.as_ref(), || enterprise.reads.connections(&query)).await
    };
    all_pages("the connections", MAX_PAGES, |one: &Connection| &one.id, read).await
}
