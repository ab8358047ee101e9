//! The ledger's present state: what its records add up to.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bigdecimal::{BigDecimal, Zero};

use super::dispute::Dispute;
use super::record::{Account, Confirmation, Ended, Quote, Record, Settlement, Status, Transfer};
use super::trade::TradeSettlement;

/// Whose balance of what: enterprise, account, currency.
pub(crate) type Purse = (String, Account, String);
/// What a settlement is called: enterprise and external id.
pub(crate) type Name = (String, String);

/// How often a partner is called about one payout.
const MAX_CALLBACKS: u32 = 6;

/// What arrived under one external id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arrivals {
    /// How many posts.
    pub(crate) posts: u64,
    /// The different bodies, by SHA-256 in hex.
    pub(crate) digests: BTreeSet<String>,
    /// How many settlements came to be; more than one would be the venue's own fault.
    pub(crate) created: u64,
}

impl Arrivals {
    fn take(&mut self, body_sha256: String) {
        self.posts += 1;
        self.digests.insert(body_sha256);
    }
}

/// Balances, settlements and quotes.
#[derive(Default)]
pub(crate) struct Book {
    defaults: HashMap<String, BigDecimal>,
    pub(super) balances: BTreeMap<Purse, BigDecimal>,
    held: BTreeMap<Purse, BigDecimal>,
    settlements: BTreeMap<Name, Settlement>,
    names: HashMap<String, Name>,
    open: BTreeSet<Name>,
    arrivals: BTreeMap<Name, Arrivals>,
    writes: BTreeMap<Name, Arrivals>,
    quotes: BTreeMap<String, Quote>,
    pub(super) disputes: BTreeMap<String, Dispute>,
    uncalled: BTreeSet<Name>,
    connections: BTreeSet<(String, String)>,
    pub(super) trades: Vec<TradeSettlement>,
    clock_moved_ms: i64,
    untold: BTreeSet<String>,
}

impl Book {
    /// A book in which the named enterprises' unlisted purses hold a default amount.
    pub(crate) fn with_defaults(defaults: HashMap<String, BigDecimal>) -> Self {
        Self { defaults, ..Self::default() }
    }

    /// Whether a purse's amount was ever set or moved.
    pub(crate) fn knows(&self, purse: &Purse) -> bool {
        self.balances.contains_key(purse)
    }

    /// What a purse holds, earmarked amounts included.
    pub(crate) fn balance(&self, purse: &Purse) -> BigDecimal {
        self.balances.get(purse).or_else(|| self.defaults.get(&purse.0)).cloned().unwrap_or_default()
    }

    /// What pending settlements have earmarked in a purse.
    pub(crate) fn held(&self, purse: &Purse) -> BigDecimal {
        self.held.get(purse).cloned().unwrap_or_default()
    }

    /// Every purse of an enterprise that was ever set or moved.
    pub(crate) fn purses<'a>(&'a self, enterprise: &'a str) -> impl Iterator<Item = &'a Purse> {
        self.balances.keys().filter(move |(owner, _, _)| owner == enterprise)
    }

    /// Every purse that was ever set or moved.
    pub(crate) fn all_purses(&self) -> impl Iterator<Item = &Purse> {
        self.balances.keys()
    }

    /// A settlement by its partner's name for it.
    pub(crate) fn settlement(&self, enterprise: &str, external_id: &str) -> Option<&Settlement> {
        self.settlements.get(&(enterprise.to_owned(), external_id.to_owned()))
    }

    /// A settlement by the venue's id.
    pub(crate) fn settlement_by_id(&self, id: &str) -> Option<&Settlement> {
        self.settlements.get(self.names.get(id)?)
    }

    /// The connections that an enterprise's settlements have named.
    pub(crate) fn connections<'a>(&'a self, enterprise: &'a str) -> impl Iterator<Item = &'a str> {
        self.connections.iter().filter(move |(owner, _)| owner == enterprise).map(|(_, connection)| connection.as_str())
    }

    /// The asynchronous settlements whose partner has not answered the call about their final amounts; rejected ones have none.
    pub(crate) fn uncalled(&self) -> impl Iterator<Item = &Settlement> {
        let settlements = self.uncalled.iter().filter_map(|name| self.settlements.get(name));
        settlements.filter(|settlement| settlement.status != Status::Rejected)
    }

    /// Whether a settlement's partner has answered that call.
    pub(crate) fn was_called(&self, settlement: &Settlement) -> bool {
        let name = (settlement.enterprise.clone(), settlement.external_id.clone());
        settlement.dispute_ends_ms.is_some() && !self.uncalled.contains(&name)
    }

    /// How far the venues' time was moved ahead of the clock that they were given.
    pub(crate) fn clock_moved_ms(&self) -> i64 {
        self.clock_moved_ms
    }

    /// All settlements, by enterprise and external id.
    pub(crate) fn settlements(&self) -> impl Iterator<Item = &Settlement> {
        self.settlements.values()
    }

    /// What arrived, by enterprise and external id.
    pub(crate) fn arrivals(&self) -> impl Iterator<Item = (&Name, &Arrivals)> {
        self.arrivals.iter()
    }

    /// What arrived where no repeat is recognised, by what was written and what it is called; nothing counts as created.
    pub(crate) fn writes(&self) -> impl Iterator<Item = (&Name, &Arrivals)> {
        self.writes.iter()
    }

    /// A quote by its id.
    pub(crate) fn quote(&self, tx_id: &str) -> Option<&Quote> {
        self.quotes.get(tx_id)
    }

    /// The confirmed quotes whose partner is still to be called.
    pub(crate) fn untold(&self) -> impl Iterator<Item = &Quote> {
        self.untold.iter().filter_map(|tx_id| self.quotes.get(tx_id))
    }

    fn called_back(&mut self, tx_id: &str, answered: bool, at_ms: i64) {
        let Some(confirmed) = self.quotes.get_mut(tx_id).and_then(|quote| quote.confirmed.as_mut()) else { return };
        confirmed.callbacks += 1;
        confirmed.called_ms = at_ms;
        confirmed.answered = answered;
        if answered || confirmed.callbacks >= MAX_CALLBACKS {
            self.untold.remove(tx_id);
        }
    }

    /// All quotes.
    pub(crate) fn quotes(&self) -> impl Iterator<Item = &Quote> {
        self.quotes.values()
    }

    /// The asynchronous settlements whose windows have ended and whose money has not moved.
    pub(crate) fn due(&self, now_ms: i64) -> Vec<&Settlement> {
        let ended = |settlement: &&Settlement| settlement.due_ms.is_some_and(|due| due <= now_ms);
        self.open.iter().filter_map(|name| self.settlements.get(name)).filter(ended).collect()
    }

    /// Whether connections can pay what these transfers take from them.
    pub(crate) fn connections_cover(&self, enterprise: &str, transfers: &[Transfer]) -> bool {
        self.covers(enterprise, transfers, false, |account| account.is_some())
    }

    /// Whether every account can pay; what the settlement itself has earmarked counts as free.
    pub(crate) fn all_cover(&self, settlement: &Settlement) -> bool {
        let own_hold = settlement.due_ms.is_some() && settlement.status != Status::Completed;
        self.covers(&settlement.enterprise, &settlement.transfers, own_hold, |_| true)
    }

    fn covers(&self, enterprise: &str, transfers: &[Transfer], own_hold: bool, concerns: fn(&Account) -> bool) -> bool {
        net_changes(enterprise, transfers).into_iter().filter(|(purse, _)| concerns(&purse.1)).all(|(purse, change)| {
            if change >= BigDecimal::zero() {
                return true;
            }
            let earmarked = if own_hold && purse.1.is_some() { self.held(&purse) + &change } else { self.held(&purse) };
            self.balance(&purse) - earmarked + change >= BigDecimal::zero()
        })
    }

    /// Takes a record in.
    pub(crate) fn apply(&mut self, record: Record) {
        match record {
            Record::Funded(funding) => {
                self.balances.insert((funding.enterprise, funding.account, funding.currency), funding.amount);
            }
            Record::Received { enterprise, external_id, body_sha256 } => {
                self.arrivals.entry((enterprise, external_id)).or_default().take(body_sha256);
            }
            Record::Written { call, name, body_sha256 } => self.writes.entry((call, name)).or_default().take(body_sha256),
            Record::Created(settlement) => self.create(*settlement),
            Record::Settled { enterprise, external_id, at_ms } => self.settle((enterprise, external_id), at_ms),
            Record::Failed { enterprise, external_id, at_ms, reason } => {
                if let Some(settlement) = self.settlements.get_mut(&(enterprise, external_id)) {
                    settlement.status = Status::Failed;
                    settlement.reason = Some(reason);
                    settlement.updated_ms = at_ms;
                }
            }
            Record::Rejected { enterprise, external_id, at_ms, reason } => self.reject((enterprise, external_id), at_ms, reason),
            Record::ClockMoved { advance_ms } => self.clock_moved_ms = self.clock_moved_ms.saturating_add(advance_ms),
            Record::Disputed(dispute) => self.raise(*dispute),
            Record::DisputeRetracted { dispute_id, retraction } => self.retract(&dispute_id, retraction),
            Record::DisputeClosed { dispute_id, closure, settled_in } => self.close(&dispute_id, *closure, settled_in),
            Record::FinalizeAnswered { enterprise, external_id, .. } => {
                self.uncalled.remove(&(enterprise, external_id));
            }
            Record::TradeStands(trade) => self.take_trade(*trade),
            Record::Quoted(quote) => {
                self.quotes.insert(quote.tx_id.clone(), *quote);
            }
            Record::Confirmed { tx_id, external_tx_id, callback_url, at_ms } => {
                if let Some(quote) = self.quotes.get_mut(&tx_id) {
                    quote.confirmed = Some(Confirmation::new(external_tx_id, callback_url, at_ms));
                    self.untold.insert(tx_id);
                }
            }
            Record::Ended { tx_id, failure, at_ms } => {
                if let Some(quote) = self.quotes.get_mut(&tx_id) {
                    quote.ended = Some(Ended { failure, at_ms });
                }
            }
            Record::CalledBack { tx_id, answered, at_ms } => self.called_back(&tx_id, answered, at_ms),
            Record::Cancelled { tx_id, at_ms } => {
                if let Some(quote) = self.quotes.get_mut(&tx_id) {
                    quote.cancelled_ms = Some(at_ms);
                }
            }
        }
    }

    fn create(&mut self, settlement: Settlement) {
        let name = (settlement.enterprise.clone(), settlement.external_id.clone());
        if settlement.status == Status::Completed {
            self.move_money(&settlement);
        } else if settlement.due_ms.is_some() {
            self.hold(&settlement, false);
            self.open.insert(name.clone());
            self.uncalled.insert(name.clone());
        }
        self.arrivals.entry(name.clone()).or_default().created += 1;
        self.names.insert(settlement.id.clone(), name.clone());
        self.assign_disputes(&settlement.settling_disputes, Some(&settlement.id));
        let named = settlement.transfers.iter().flat_map(|one| one.source.iter().chain([&one.destination]));
        self.connections.extend(named.map(|connection| (settlement.enterprise.clone(), connection.clone())));
        self.settlements.insert(name, settlement);
    }

    /// Changes a settlement's transfers, with what is earmarked for them.
    pub(super) fn change_settlement(&mut self, id: &str, change: impl FnOnce(&mut Settlement)) {
        let Some(name) = self.names.get(id).cloned() else { return };
        let Some(mut settlement) = self.settlements.remove(&name) else { return };
        let open = self.open.contains(&name);
        if open {
            self.hold(&settlement, true);
        }
        change(&mut settlement);
        if open {
            self.hold(&settlement, false);
        }
        self.settlements.insert(name, settlement);
    }

    fn settle(&mut self, name: Name, at_ms: i64) {
        let Some(mut settlement) = self.settlements.remove(&name) else { return };
        if self.open.remove(&name) {
            self.hold(&settlement, true);
        }
        self.move_money(&settlement);
        settlement.status = Status::Completed;
        settlement.reason = None;
        settlement.updated_ms = at_ms;
        settlement.finalized_ms = Some(at_ms);
        self.settlements.insert(name, settlement);
    }

    fn reject(&mut self, name: Name, at_ms: i64, reason: String) {
        let Some(mut settlement) = self.settlements.remove(&name) else { return };
        if self.open.remove(&name) {
            self.hold(&settlement, true);
        }
        self.assign_disputes(&settlement.settling_disputes, None);
        settlement.status = Status::Rejected;
        settlement.reason = Some(reason);
        settlement.updated_ms = at_ms;
        settlement.finalized_ms = Some(at_ms);
        self.settlements.insert(name, settlement);
    }

    fn move_money(&mut self, settlement: &Settlement) {
        for (purse, change) in net_changes(&settlement.enterprise, &settlement.transfers) {
            let moved = self.balance(&purse) + change;
            self.balances.insert(purse, moved);
        }
    }

    fn hold(&mut self, settlement: &Settlement, release: bool) {
        let owed = net_changes(&settlement.enterprise, &settlement.transfers)
            .into_iter()
            .filter(|(purse, change)| purse.1.is_some() && *change < BigDecimal::zero());
        for (purse, change) in owed {
            let held = self.held.entry(purse).or_default();
            *held = if release { &*held + change } else { &*held - change };
        }
    }
}

/// What transfers change in each purse, gains and liabilities of one purse set off; disputed ones move nothing.
fn net_changes(enterprise: &str, transfers: &[Transfer]) -> BTreeMap<Purse, BigDecimal> {
    let mut changes: BTreeMap<Purse, BigDecimal> = BTreeMap::new();
    let purse = |account: Account, currency: &str| (enterprise.to_owned(), account, currency.to_owned());
    for transfer in transfers.iter().filter(|transfer| !transfer.disputed) {
        *changes.entry(purse(transfer.source.clone(), &transfer.currency)).or_default() -= &transfer.quantity;
        *changes.entry(purse(Some(transfer.destination.clone()), &transfer.currency)).or_default() += &transfer.quantity;
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::ledger::record::Funding;

    fn number(text: &str) -> BigDecimal {
        text.parse().unwrap()
    }

    fn funded(account: Option<&str>, amount: &str) -> Record {
        Record::Funded(Funding {
            enterprise: "e".into(),
            account: account.map(str::to_owned),
            currency: "BTC".into(),
            amount: number(amount),
        })
    }

    fn purse(account: Option<&str>) -> Purse {
        ("e".into(), account.map(str::to_owned), "BTC".into())
    }

    fn settlement(quantity: &str, status: Status, due_ms: Option<i64>) -> Settlement {
        Settlement {
            id: "id".into(),
            enterprise: "e".into(),
            external_id: "x".into(),
            body_sha256: String::new(),
            status,
            reason: None,
            notes: None,
            cutoff_at: None,
            created_ms: 0,
            updated_ms: 0,
            finalized_ms: None,
            dispute_ends_ms: None,
            due_ms,
            transfers: vec![Transfer {
                id: "t".into(),
                source: None,
                destination: "c".into(),
                currency: "BTC".into(),
                quantity: number(quantity),
                dispute_closure_id: None,
                disputed: false,
            }],
            settling_disputes: Vec::new(),
        }
    }

    #[test]
    fn a_negative_quantity_takes_from_the_connection() {
        let mut book = Book::default();
        book.apply(funded(Some("c"), "10.5"));
        book.apply(Record::Created(Box::new(settlement("-3.25", Status::Completed, None))));
        assert_eq!(book.balance(&purse(Some("c"))), number("7.25"));
        assert_eq!(book.balance(&purse(None)), number("3.25"));
    }

    #[test]
    fn a_pending_settlement_earmarks_what_the_connection_owes_until_it_settles() {
        let mut book = Book::default();
        book.apply(funded(Some("c"), "4"));
        let pending = settlement("-3", Status::Pending, Some(5));
        book.apply(Record::Created(Box::new(pending.clone())));
        assert_eq!(book.held(&purse(Some("c"))), number("3"));
        assert!(!book.connections_cover("e", &pending.transfers), "only one is left for others");
        assert!(book.all_cover(&pending), "its own hold does not stand in its way");
        assert!(book.due(4).is_empty());
        assert_eq!(book.due(5).len(), 1);
        book.apply(Record::Settled { enterprise: "e".into(), external_id: "x".into(), at_ms: 6 });
        assert!(book.held(&purse(Some("c"))).is_zero());
        assert_eq!(book.balance(&purse(Some("c"))), number("1"));
        assert!(book.due(9).is_empty());
    }

    #[test]
    fn a_default_stands_in_for_purses_that_nobody_set() {
        let mut book = Book::with_defaults(HashMap::from([("e".to_owned(), number("100"))]));
        assert!(book.all_cover(&settlement("100", Status::Failed, None)));
        assert!(!book.all_cover(&settlement("100.01", Status::Failed, None)));
        book.apply(Record::Created(Box::new(settlement("60", Status::Completed, None))));
        assert!(!book.all_cover(&settlement("60", Status::Failed, None)));
    }
}
