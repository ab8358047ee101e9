//! WatchSettlementEvents: the changes of an enterprise's settlements as they are committed, whichever replica does it.

use std::sync::Arc;
use std::time::Duration;

use super::context::{Caller, Context};
use super::error::ServiceError;
use super::list_settlement_events::list_settlement_events;
use super::outlet::{Inlet, Outlet, Unheard, outlet};
use crate::domain::settlement::SettlementEvent;
use crate::store::{EventQuery, EventStretch};

/// How much waits for a slow reader.
const MAX_WAITING: usize = 64;
/// How many changes are read at once to catch up.
const READ_AT_ONCE: u32 = 256;
/// After so many changes that the filter held back, the reader is told how far it has come.
const MARK_AFTER: u64 = 1_000;

/// What is told: a change, or only how far everything was told.
#[derive(Debug, Clone)]
pub struct EventNews {
    /// The change; `None` for a mark.
    pub event: Option<Arc<SettlementEvent>>,
    /// Everything up to this place was told or held back by the filter: where a later watch goes on.
    pub read_to: u64,
}

/// Starts to watch after `query.after`; `query.limit` means nothing. A reader who takes nothing for `patience` is given up.
///
/// # Errors
/// What [`list_settlement_events`] may fail with; later failures arrive on the stream. It has no good end.
pub async fn watch_settlement_events(
    context: &Context,
    caller: &Caller,
    query: EventQuery,
    patience: Duration,
) -> Result<Inlet<EventNews>, ServiceError> {
    let query = EventQuery { limit: READ_AT_ONCE, ..query };
    let first = list_settlement_events(context, caller, &query).await?;
    let (outlet, inlet) = outlet(MAX_WAITING, patience);
    let context = context.clone();
    tokio::spawn(async move {
        let mut watch = Watch { told_to: query.after, query, outlet };
        match watch.follow(&context, first).await {
            Stop::Gone => {}
            Stop::Because(error) => watch.outlet.end(error),
        }
    });
    Ok(inlet)
}

/// Why a watch ends.
enum Stop {
    Gone,
    Because(ServiceError),
}

impl From<Unheard> for Stop {
    fn from(unheard: Unheard) -> Self {
        match unheard {
            Unheard::Gone => Self::Gone,
            Unheard::TooSlow => Self::Because(ServiceError::ReaderTooSlow),
        }
    }
}

struct Watch {
    /// The filter, and how far everything was looked at.
    query: EventQuery,
    /// How far the reader knows that it was told everything.
    told_to: u64,
    outlet: Outlet<EventNews>,
}

impl Watch {
    async fn follow(&mut self, context: &Context, first: EventStretch) -> Stop {
        match self.catch_up(context, first).await {
            Err(stop) => stop,
            Ok(()) => loop {
                if let Err(stop) = self.follow_tail(context).await {
                    return stop;
                }
            },
        }
    }

    /// Tells what the journal holds, to its end, and that this was all.
    async fn catch_up(&mut self, context: &Context, first: EventStretch) -> Result<(), Stop> {
        self.tell_stretch(first.events, first.read_to).await?;
        if first.read_to < first.newest {
            self.read_on(context).await?;
        }
        self.mark().await
    }

    /// Tells what the journal holds after the place that was come to.
    async fn read_on(&mut self, context: &Context) -> Result<(), Stop> {
        loop {
            let stretch = context.store.settlement_events(&self.query).await;
            let stretch = stretch.map_err(|error| Stop::Because(error.into()))?;
            self.tell_stretch(stretch.events, stretch.read_to).await?;
            if stretch.read_to >= stretch.newest {
                return Ok(());
            }
        }
    }

    /// Tells what is new for as long as the enterprise's tail is kept.
    async fn follow_tail(&mut self, context: &Context) -> Result<(), Stop> {
        let mut tail = context.engine.watch_tail(&self.query.enterprise_id);
        loop {
            let newest = tail.borrow_and_update().newest();
            let kept = if newest > self.query.after { tail.borrow().after(self.query.after) } else { Some(Vec::new()) };
            match kept {
                Some(events) => self.tell_kept(events).await?,
                None => self.read_on(context).await?,
            }
            tokio::select! {
                () = self.outlet.abandoned() => return Err(Stop::Gone),
                changed = tail.changed() => if changed.is_err() {
                    break;
                },
            }
        }
        if context.engine.is_draining() {
            return Err(Stop::Because(ServiceError::Draining));
        }
        // The tail ended, because the journal failed for instance: that is found out here.
        self.read_on(context).await
    }

    async fn tell_kept(&mut self, events: Vec<Arc<SettlementEvent>>) -> Result<(), Stop> {
        for event in events {
            self.query.after = event.place;
            if self.passes(&event) {
                self.tell(event).await?;
            }
        }
        self.mark_if_far().await
    }

    async fn tell_stretch(&mut self, events: Vec<SettlementEvent>, read_to: u64) -> Result<(), Stop> {
        for event in events {
            self.tell(Arc::new(event)).await?;
        }
        self.query.after = self.query.after.max(read_to);
        self.mark_if_far().await
    }

    fn passes(&self, event: &SettlementEvent) -> bool {
        let EventQuery { external_id, states, .. } = &self.query;
        let is_named = external_id.as_ref().is_none_or(|id| *id == event.external_id);
        is_named && (states.is_empty() || states.contains(&event.entry.state))
    }

    async fn tell(&mut self, event: Arc<SettlementEvent>) -> Result<(), Stop> {
        let read_to = event.place;
        self.outlet.tell(EventNews { event: Some(event), read_to }).await?;
        self.told_to = read_to;
        Ok(())
    }

    /// Keeps the reader's cursor from falling behind a filter that lets little pass.
    async fn mark_if_far(&mut self) -> Result<(), Stop> {
        if self.query.after.saturating_sub(self.told_to) >= MARK_AFTER { self.mark().await } else { Ok(()) }
    }

    async fn mark(&mut self) -> Result<(), Stop> {
        self.told_to = self.query.after;
        Ok(self.outlet.tell(EventNews { event: None, read_to: self.told_to }).await?)
    }
}
