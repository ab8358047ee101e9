//! What must hold after every commit, at every send and arrival, and at the end of every run. The names are those of
//! `docs/reliability.md`.

use std::collections::BTreeSet;

use bigdecimal::BigDecimal;
use settlement_gateway::domain::settlement::{Outcome, State};
use settlement_gateway::domain::time::Clock;

use super::clients::Told;
use super::journal::{Journal, Row};
use super::ledger::{Arrival, Entry, Name, hash};
use super::world::World;

fn name_of(row: &Row) -> Name {
    let header = &row.settlement.header;
    (header.enterprise_id.as_str().to_owned(), header.external_id.as_str().to_owned())
}

/// States in which nothing of a settlement is at the venue, and nothing will be unless somebody asks again.
fn is_nothing(state: State) -> bool {
    matches!(state, State::NotAccepted | State::Cancelled | State::Expired)
}

fn state_in(journal: &Journal, name: &Name) -> Option<(State, u32)> {
    let row = journal.rows().find(|row| name_of(row) == *name)?;
    Some((row.settlement.progress.state, row.settlement.progress.attempts))
}

/// After every commit: I6, and I4 from the journal's side.
pub(crate) fn after_commit(world: &World, journal: &mut Journal) {
    for illegal in std::mem::take(&mut journal.illegal) {
        world.history.violated("I6", illegal);
    }
    let ledger = world.ledger.lock().unwrap();
    for row in journal.rows().filter(|row| is_nothing(row.settlement.progress.state)) {
        if ledger.entries.contains_key(&name_of(row)) {
            let (name, state) = (name_of(row).1, row.settlement.progress.state);
            world.history.violated("I4", format!("{name} is {} and the venue has it", state.as_str()));
        }
    }
}

/// A body is handed to the network: I10, and that an attempt was committed before.
pub(crate) fn leaves(world: &World, name: &Name, body: &[u8]) {
    let known = state_in(&world.journal.lock().unwrap(), name);
    let mut ledger = world.ledger.lock().unwrap();
    let bodies = ledger.sent.entry(name.clone()).or_default();
    bodies.insert(hash(body));
    if bodies.len() > 1 {
        world.history.violated("I10", format!("{} left in {} forms", name.1, bodies.len()));
    }
    let sends = ledger.sends.entry(name.clone()).or_default();
    *sends += 1;
    match known {
        Some((state, _)) if is_nothing(state) => {
            world.history.violated("I4", format!("{} is sent while it is {}", name.1, state.as_str()));
        }
        Some((_, attempts)) if attempts < *sends => {
            world.history.violated("S6", format!("{} was sent {sends} times under {attempts} attempts", name.1));
        }
        Some(_) => {}
        None => world.history.violated("S1", format!("{} is sent and not recorded", name.1)),
    }
}

/// A body arrives at the venue: I1, and I4 from the venue's side.
pub(crate) fn arrives(world: &World, enterprise: &str, body: &[u8]) {
    let name = super::ledger::name_of(enterprise, body);
    let arrival = world.ledger.lock().unwrap().arrives(enterprise, body, world.time.now(), &world.dice);
    world.history.note(format!("the venue gets {}: {arrival:?}", name.1));
    match arrival {
        Arrival::Created => {
            let state = state_in(&world.journal.lock().unwrap(), &name);
            if let Some((state, _)) = state.filter(|(state, _)| is_nothing(*state)) {
                world.history.violated("I4", format!("{} is {} when the venue creates it", name.1, state.as_str()));
            }
        }
        Arrival::Known => {}
        Arrival::Conflict => world.history.violated("I1", format!("{} came in two forms", name.1)),
    }
}

/// The key is asked for a signature: I2.
pub(crate) fn signs(world: &World, digest: [u8; 32]) {
    let mut ledger = world.ledger.lock().unwrap();
    let Some(name) = ledger.payloads.get(&digest).cloned() else {
        return world.history.violated("I8", "a payload is signed that the venue never gave, or that is not what was asked");
    };
    let digests = ledger.signed.entry(name.clone()).or_default();
    digests.insert(digest);
    if digests.len() > 1 {
        world.history.violated("I2", format!("{} payloads were signed for {}", digests.len(), name.1));
    }
}

/// At the end: I3, I4, I7, I8 over everything that clients were told and the venue has.
pub(crate) fn at_the_end(world: &World, told: &[Told]) {
    let (journal, ledger) = (world.journal.lock().unwrap(), world.ledger.lock().unwrap());
    for told in told {
        if let Err(what) = is_kept(&journal, told) {
            world.history.violated("I3", format!("{}: {what}", told.name.1));
        }
    }
    let recorded: BTreeSet<Name> = journal.rows().map(name_of).collect();
    let known = ledger.entries.keys().chain(ledger.signed.keys()).chain(ledger.sent.keys());
    for name in known.filter(|name| !recorded.contains(*name)) {
        world.history.violated("I8", format!("{} was signed or sent and is not recorded", name.1));
    }
    for row in journal.rows() {
        let entry = ledger.entries.get(&name_of(row));
        if let Err(what) = agree(row, entry) {
            world.history.violated("I7", format!("{}: {what}", name_of(row).1));
        }
    }
    drop(ledger);
}

/// What a client was told stands in the journal's timeline.
fn is_kept(journal: &Journal, told: &Told) -> Result<(), &'static str> {
    let row = journal.rows().find(|row| name_of(row) == told.name).ok_or("it was acknowledged and is gone")?;
    if row.settlement.id != told.id {
        return Err("it is another than was acknowledged");
    }
    let entry = row.timeline.iter().find(|entry| entry.sequence == told.sequence).ok_or("what was told is no longer there")?;
    if entry.state != told.state {
        return Err("it was told otherwise");
    }
    match (&told.at_venue, &row.settlement.progress.venue) {
        (Some(told), Some(venue)) if *told == venue.settlement_id => Ok(()),
        (Some(_), _) => Err("the venue's settlement was told and is forgotten"),
        (None, _) => Ok(()),
    }
}

/// The journal and the venue have the same, to the last digit.
fn agree(row: &Row, entry: Option<&Entry>) -> Result<(), String> {
    let progress = &row.settlement.progress;
    match (progress.outcome(), entry) {
        (Outcome::Created, Some(entry)) => {
            let value = |text: &str| text.parse::<BigDecimal>().unwrap();
            let posted: BTreeSet<_> =
                entry.legs.iter().map(|(party, currency, amount)| (party.as_str(), currency.as_str(), value(amount))).collect();
            let legs = row.intent.asked.amounts.legs().iter();
            let asked: BTreeSet<_> =
                legs.map(|leg| (leg.connection_id.as_str(), leg.currency.as_str(), leg.amount.value().clone())).collect();
            if posted == asked { Ok(()) } else { Err("the venue settles other amounts than were asked for".to_owned()) }
        }
        (Outcome::Created, None) => Err("the journal says created, and the venue has nothing".to_owned()),
        (outcome, Some(_)) => Err(format!("the journal says {}, and the venue has it", outcome.as_str())),
        (_, None) => Ok(()),
    }
}

/// Whether everything is where it can stay: I9 asks for that within a bound.
pub(crate) fn is_at_rest(journal: &Journal) -> Result<(), String> {
    let unrest = journal.rows().find(|row| {
        let progress = &row.settlement.progress;
        !progress.is_finished() && progress.state != State::NotAccepted
    });
    match unrest {
        None => Ok(()),
        Some(row) => {
            let progress = &row.settlement.progress;
            Err(format!("{} is {} ({:?})", name_of(row).1, progress.state.as_str(), progress.reason))
        }
    }
}
