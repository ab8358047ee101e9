//! Reading an enterprise's changes in the order of their commits.

use async_trait::async_trait;

use super::archive;
use super::driver::Driver;
use super::error::damaged;
use super::events;
use super::row::{Row, parse};
use super::session::Session;
use super::settlements::{self, states_text};
use super::statement::Statement;
use super::store::SqlStore;
use crate::domain::ids::EnterpriseId;
use crate::domain::settlement::{Meaning, NextAction, Outcome, SettlementEvent};
use crate::store::{Archived, EventQuery, EventStore, EventStretch, SettlementName, StoreError};

/// How many places one reading looks through, so that a filter that lets little pass costs a bounded time.
const MAX_PLACES: i64 = 10_000;

#[async_trait]
impl<D: Driver> EventStore for SqlStore<D> {
    async fn settlement_events(&self, query: &EventQuery) -> Result<EventStretch, StoreError> {
        self.read(query.clone(), |on, query| Box::pin(stretch(on, query))).await
    }
}

/// Reads what comes after a place. The end is read first: everything up to it is committed by then.
async fn stretch(on: &mut Session, query: &EventQuery) -> Result<EventStretch, StoreError> {
    let newest = newest(on, &query.enterprise_id).await?;
    // No place is beyond what the database counts, so a cursor that is has seen everything.
    let after = i64::try_from(query.after).unwrap_or(i64::MAX);
    if after >= newest {
        return Ok(EventStretch { events: Vec::new(), read_to: query.after, newest: count(newest)? });
    }
    let (rows, to) = rows(on, query, after, newest).await?;
    hold_here(on, query).await?;
    let events = rows.iter().map(event).collect::<Result<Vec<_>, _>>()?;
    let full = usize::try_from(query.limit).is_ok_and(|limit| events.len() >= limit);
    let read_to = events.last().filter(|_| full).map_or(count(to)?, |last| last.place);
    Ok(EventStretch { events, read_to, newest: count(newest)? })
}

/// Refuses a reading that would pass over changes that have left the journal. It comes after the rows were read: what left before
/// that is noted by now. The changes of one settlement leave together.
async fn hold_here(on: &mut Session, query: &EventQuery) -> Result<(), StoreError> {
    if let Some(external_id) = &query.external_id {
        let name = SettlementName::External(external_id.clone());
        let one = settlements::by_name(on, &query.enterprise_id, &name).await?;
        return one.and_then(|one| one.archived_in).map_or(Ok(()), |file| Err(StoreError::Archived(Archived::InFile(file))));
    }
    match archive::places_gone(on, query.enterprise_id.as_str()).await? {
        gone if query.after < gone => Err(StoreError::Archived(Archived::ChangesUpTo(gone))),
        _ => Ok(()),
    }
}

/// The place of the newest change; 0 where there is none.
async fn newest(on: &mut Session, enterprise_id: &EnterpriseId) -> Result<i64, StoreError> {
    const NEWEST: &str = "SELECT place FROM settlement_event_head WHERE enterprise_id = $1";
    let row = on.row(Statement::new(NEWEST).bind(enterprise_id.as_str())).await?;
    row.map_or(Ok(0), |row| row.plain("place"))
}

/// The rows that pass the filter, and the place up to which all were looked at, unless the limit ended them.
async fn rows(on: &mut Session, query: &EventQuery, after: i64, newest: i64) -> Result<(Vec<Row>, i64), StoreError> {
    let states = states_text(&query.states)?;
    let Some(external_id) = &query.external_id else {
        let to = newest.min(after.saturating_add(MAX_PLACES));
        let all = Statement::new(on.dialect().events).bind(query.enterprise_id.as_str());
        let rows = on.rows(all.bind(after).bind(to).bind(states).bind(query.limit)).await?;
        return Ok((rows, to));
    };
    let name = SettlementName::External(external_id.clone());
    let Some(one) = settlements::by_name(on, &query.enterprise_id, &name).await? else { return Ok((Vec::new(), newest)) };
    let of_one = Statement::new(on.dialect().events_of_one).bind(one.id);
    Ok((on.rows(of_one.bind(after).bind(newest).bind(states).bind(query.limit)).await?, newest))
}

fn event(row: &Row) -> Result<SettlementEvent, StoreError> {
    Ok(SettlementEvent {
        place: row.count("place")?,
        enterprise_id: row.read("enterprise_id", parse)?,
        external_id: row.read("external_id", parse)?,
        settlement: row.plain("settlement_id")?,
        entry: events::entry(row)?,
        meaning: Meaning {
            outcome: row.read("outcome", Outcome::from_name)?,
            next_action: row.read("next_action", NextAction::from_name)?,
            venue: row.read_if_any("venue", events::venue_word)?,
        },
    })
}

fn count(place: i64) -> Result<u64, StoreError> {
    u64::try_from(place).map_err(|_| damaged("place"))
}
