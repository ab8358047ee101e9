//! The window: what people who look at the gateway are shown, and nothing that they could do.
//!
//! However many look, the journal is asked once in a while and what it said is
//! shown to all. Every question is bounded, by an index and by a count.

mod refusals;
mod sight;

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use uuid::Uuid;

use super::anchor::{AnchorKeeper, Unanchored};
use super::context::Context;
use super::directory::Directory;
use crate::custody::Keyring;
use crate::domain::ids::{EnterpriseId, ExternalId};
use crate::domain::settlement::{Settlement, TimelineEntry};
use crate::domain::time::Clock;
use crate::store::{ListQuery, SettlementName, Store, StoreError};
use crate::upstream::Pulse;
use refusals::Refused;
pub use sight::{SeenKey, SeenRefusal, SeenVenue, Sight};

/// For how long an answer is shown before the journal is asked again.
const FRESH: Duration = Duration::from_secs(2);
/// The most open settlements of one enterprise.
const MAX_OPEN: u32 = 200;
/// The most of its newest settlements, at their end or not.
const MAX_NEWEST: u32 = 100;
/// The most settlements of all enterprises together.
const MAX_SETTLEMENTS: usize = 1_000;
/// The most changes of one settlement: its newest ones.
const MAX_TIMELINE_ENTRIES: u32 = 200;
/// The most timelines that are kept for others who look at the same.
const MAX_TIMELINES: usize = 32;

/// Looks on behalf of everybody who does; clones share what was seen.
#[derive(Clone)]
pub struct Window {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn Store>,
    anchor: AnchorKeeper,
    keyring: Arc<Keyring>,
    directory: Arc<Directory>,
    clock: Arc<dyn Clock>,
    venues: Vec<(String, Pulse)>,
    seen: Mutex<Seen>,
}

/// What was seen, and when.
#[derive(Default)]
struct Seen {
    sight: Option<(Instant, Arc<Sight>)>,
    refused: Refused,
    /// The newest last.
    timelines: VecDeque<(Instant, Name, Arc<Timeline>)>,
}

type Name = (EnterpriseId, ExternalId);

/// One settlement and its changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// The settlement.
    pub settlement: Settlement,
    /// Its newest changes, oldest first.
    pub entries: Vec<TimelineEntry>,
}

impl Window {
    /// A window over what the use cases work with, and what is seen of each venue by its name.
    #[must_use]
    pub fn new(context: &Context, venues: Vec<(String, Pulse)>) -> Self {
        let (store, anchor, clock) = (context.store.clone(), context.anchor.clone(), context.clock.clone());
        let (keyring, directory) = (context.keyring.clone(), context.directory.clone());
        Self { inner: Arc::new(Inner { store, anchor, keyring, directory, clock, venues, seen: Mutex::default() }) }
    }

    /// What there is to see, at most two seconds old. Who looks while the journal is being asked waits for the same answer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn look(&self) -> Result<Arc<Sight>, StoreError> {
        let mut seen = self.inner.seen.lock().await;
        if let Some((at, sight)) = &seen.sight
            && at.elapsed() < FRESH
        {
            return Ok(Arc::clone(sight));
        }
        let sight = Arc::new(self.inner.sight(&mut seen.refused).await?);
        seen.sight = Some((Instant::now(), Arc::clone(&sight)));
        Ok(sight)
    }

    /// One settlement and its changes, at most two seconds old; `None` where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn timeline(
        &self,
        enterprise: &EnterpriseId,
        external_id: &ExternalId,
    ) -> Result<Option<Arc<Timeline>>, StoreError> {
        let mut seen = self.inner.seen.lock().await;
        seen.timelines.retain(|(at, ..)| at.elapsed() < FRESH);
        let is_asked = |name: &Name| name.0 == *enterprise && name.1 == *external_id;
        if let Some((.., found)) = seen.timelines.iter().find(|(_, name, _)| is_asked(name)) {
            return Ok(Some(Arc::clone(found)));
        }
        let Some(found) = self.inner.timeline(enterprise, external_id).await? else { return Ok(None) };
        let found = Arc::new(found);
        if seen.timelines.len() >= MAX_TIMELINES {
            seen.timelines.pop_front();
        }
        seen.timelines.push_back((Instant::now(), (enterprise.clone(), external_id.clone()), Arc::clone(&found)));
        Ok(Some(found))
    }
}

impl Inner {
    async fn sight(&self, refused: &mut Refused) -> Result<Sight, StoreError> {
        refused.read_on(self.store.as_ref()).await?;
        let adrift = match self.anchor.allows().await {
            Err(Unanchored::Adrift(adrift)) => Some(adrift),
            Ok(()) | Err(Unanchored::Unavailable) => None,
        };
        let (settlements, is_cut) = self.settlements().await?;
        Ok(Sight {
            at: self.clock.now(),
            adrift,
            settlements,
            is_cut,
            venues: self.venues.iter().map(|(name, pulse)| SeenVenue { name: name.clone(), seen: pulse.seen() }).collect(),
            keys: self.keyring.iter().map(SeenKey::of).collect(),
            refusals: refused.newest(),
        })
    }

    /// What is open and what is newest of each enterprise that settles, newest first, and whether there is more that is open.
    async fn settlements(&self) -> Result<(Vec<Settlement>, bool), StoreError> {
        let (mut open, mut newest) = (Vec::new(), Vec::new());
        let mut is_cut = false;
        for enterprise in self.directory.enterprises().filter(|enterprise| enterprise.settles.is_some()) {
            let of_this = self.store.open_settlements(&enterprise.id, MAX_OPEN).await?;
            is_cut |= of_this.len() >= usize::try_from(MAX_OPEN).unwrap_or(usize::MAX);
            open.extend(of_this);
            newest.extend(self.store.list(&newest_of(&enterprise.id)).await?);
        }
        is_cut |= open.len() > MAX_SETTLEMENTS;
        Ok((shown(open, newest, |settlement| settlement.id), is_cut))
    }

    async fn timeline(&self, enterprise: &EnterpriseId, external_id: &ExternalId) -> Result<Option<Timeline>, StoreError> {
        let name = SettlementName::External(external_id.clone());
        let Some(settlement) = self.store.settlement(enterprise, &name).await? else { return Ok(None) };
        let entries = self.store.timeline(settlement.id, MAX_TIMELINE_ENTRIES).await?;
        Ok(Some(Timeline { settlement, entries }))
    }
}

/// What there is room for, newest first. What has been open for longest concerns people most and goes before all else; of two
/// readings of the same settlement the second one counts.
fn shown<T>(mut open: Vec<T>, mut newest: Vec<T>, id: impl Fn(&T) -> Uuid) -> Vec<T> {
    open.sort_by_key(&id);
    newest.sort_by_key(|settlement| Reverse(id(settlement)));
    let mut shown: BTreeMap<Uuid, T> = BTreeMap::new();
    for settlement in open.into_iter().chain(newest) {
        let id = id(&settlement);
        if shown.len() < MAX_SETTLEMENTS || shown.contains_key(&id) {
            shown.insert(id, settlement);
        }
    }
    shown.into_values().rev().collect()
}

fn newest_of(enterprise: &EnterpriseId) -> ListQuery {
    ListQuery {
        enterprise_id: enterprise.clone(),
        states: Vec::new(),
        created_from: None,
        created_before: None,
        after: None,
        limit: MAX_NEWEST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By number and reading.
    type Read = (u128, &'static str);

    fn of(open: Vec<Read>, newest: Vec<Read>) -> Vec<Read> {
        shown(open, newest, |(number, _)| Uuid::from_u128(*number))
    }

    #[test]
    fn what_is_open_and_what_is_new_stand_newest_first_and_once() {
        let found = of(vec![(1, "open"), (4, "open")], vec![(5, "new"), (4, "new"), (3, "new")]);
        assert_eq!(found, [(5, "new"), (4, "new"), (3, "new"), (1, "open")], "of two readings the later one");
    }

    #[test]
    fn what_has_been_open_for_longest_is_shown_whatever_else_there_is() {
        let most = MAX_SETTLEMENTS as u128;
        let open = (1..=most - 1).rev().map(|number| (number, "open")).collect();
        let newest = (most..most + 100).map(|number| (number, "new")).collect();
        let found = of(open, newest);
        assert_eq!(found.len(), MAX_SETTLEMENTS);
        assert_eq!((found.first(), found.last()), (Some(&(most + 99, "new")), Some(&(1, "open"))));
        let open = (1..=most + 50).map(|number| (number, "open")).collect();
        let found = of(open, vec![(most + 60, "new")]);
        assert_eq!((found.len(), found.first(), found.last()), (MAX_SETTLEMENTS, Some(&(most, "open")), Some(&(1, "open"))));
    }
}
