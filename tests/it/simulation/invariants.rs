//! What must hold after every commit, at every send and arrival, and at the end of every run. The names are those of
//! `docs/reliability.md`.

use std::collections::BTreeSet;
use std::time::Duration;

use bigdecimal::BigDecimal;
use settlement_gateway::domain::ids::{EnterpriseId, ExternalId};
use settlement_gateway::domain::settlement::{AdoptedSettlement, Outcome, Reconciled, State};
use settlement_gateway::domain::time::Clock;

use super::clients::Told;
use super::journal::{Journal, Row};
use super::ledger::{Arrival, Entry, Name, hash};
use super::world::{Lost, World};

/// How long after a failover a gateway may still send what it had begun: it notices at its next beat, and a dispatch is not older
/// than half a lease.
const NOTICED: Duration = Duration::from_secs(62);

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
    let (ledger, lost) = (world.ledger.lock().unwrap(), world.lost.lock().unwrap());
    // What a standby said already is put right by the repair.
    let said = |row: &&Row| {
        let standby = lost.as_ref().and_then(|lost| lost.standby.row(row.settlement.id));
        standby.is_some_and(|standby| standby.settlement == row.settlement)
    };
    for row in journal.rows().filter(|row| is_nothing(row.settlement.progress.state)).filter(|row| !said(row)) {
        if ledger.entries.contains_key(&name_of(row)) {
            let (name, state) = (name_of(row).1, row.settlement.progress.state);
            world.history.violated("I4", format!("{name} is {} and the venue has it", state.as_str()));
        }
    }
}

/// A body is handed to the network: I10, and that an attempt was committed before.
pub(crate) fn leaves(world: &World, name: &Name, body: &[u8]) {
    if let Some(lost) = &*world.lost.lock().unwrap() {
        return leaves_an_older_journal(world, lost, name, body);
    }
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

/// A body is handed to the network although rows were lost: what was under way may still leave, as it was recorded and signed, and
/// before long nothing does: P12.
fn leaves_an_older_journal(world: &World, lost: &Lost, name: &Name, body: &[u8]) {
    let recorded = lost.before.rows().find(|row| name_of(row) == *name).and_then(|row| row.material.body.as_deref());
    if recorded != Some(body) {
        world.history.violated("P12", format!("{} leaves an older journal, signed anew", name.1));
    }
    if world.time.elapsed() > lost.since + NOTICED {
        world.history.violated("P12", format!("{} leaves an older journal", name.1));
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
    if ledger.closed.contains(&name) {
        world.history.violated("I2", format!("{} is signed although the venue had it before the repair", name.1));
    }
    let digests = ledger.signed.entry(name.clone()).or_default();
    digests.insert(digest);
    // Over an older journal a replica may sign that has not noticed yet: it never leaves.
    if digests.len() > 1 && world.lost.lock().unwrap().is_none() {
        world.history.violated("I2", format!("{} payloads were signed for {}", digests.len(), name.1));
    }
}

/// At the end: I3, I4, I7, I8 over everything that clients were told and the venue has.
pub(crate) fn at_the_end(world: &World, told: &[Told]) {
    let (journal, ledger) = (world.journal.lock().unwrap(), world.ledger.lock().unwrap());
    for told in told {
        let kept = if told.server == world.server() { is_kept(&journal, told) } else { is_still_known(&journal, told) };
        if let Err(what) = kept {
            world.history.violated("I3", format!("{}: {what}", told.name.1));
        }
    }
    let recorded: BTreeSet<Name> = journal.rows().map(name_of).collect();
    let known = ledger.entries.keys().chain(ledger.signed.keys()).chain(ledger.sent.keys());
    let is_adopted = |name: &Name| adopted(&journal, name).is_some();
    for name in known.filter(|name| !recorded.contains(*name) && !is_adopted(name)) {
        world.history.violated("I8", format!("{} was signed or sent and is not recorded", name.1));
    }
    for row in journal.rows() {
        let entry = ledger.entries.get(&name_of(row));
        // What a replica recorded over an older journal, before it noticed, may be held against another that the venue has under
        // that id: this is no secret then.
        if world.server() > 0 && row.settlement.progress.reconciled == Some(Reconciled::Mismatch) {
            continue;
        }
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

fn adopted<'a>(journal: &'a Journal, name: &Name) -> Option<&'a AdoptedSettlement> {
    journal.adopted(&EnterpriseId::new(name.0.as_str()).unwrap(), &ExternalId::new(name.1.as_str()).unwrap())
}

/// What a client was told before rows were lost may be gone, but for what the venue has.
fn is_still_known(journal: &Journal, told: &Told) -> Result<(), &'static str> {
    let Some(id) = &told.at_venue else { return Ok(()) };
    let recorded = journal.rows().find(|row| name_of(row) == told.name).and_then(|row| row.settlement.progress.venue.as_deref());
    match recorded.or(adopted(journal, &told.name).map(|adopted| &adopted.venue)) {
        Some(venue) if venue.settlement_id == *id => Ok(()),
        _ => Err("the venue's settlement was told before rows were lost, and is neither recorded nor adopted"),
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
