//! Every answer to the two writes on BitGo Trade that are signed: each goes out once, and nothing unknown is called failed.

use std::time::Duration;

use settlement_gateway::domain::trade::{TradeAsked, TradeState};
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, Fault};
use settlement_gateway::service::trade::TradeSettings;

use super::support::{B, Desk, affirming, came_to, direct, settings};
use crate::support::answers::{CameTo, Row, Try, Write, every_answer};

/// BitGo's word that it took nothing when it did, which two statuses say in three forms and the rate limit in ten; and all forms but
/// one of what is never met.
const LEFT_OUT: usize = 2 * 3 + 10 + 16 * 10;

/// What was carried out is waited for however busy the machine is, and what was not for a moment. Nothing that is settled is looked
/// at again, so that no look meets what is meant for another.
async fn desk(what: Try) -> Desk {
    let long = Duration::from_secs(3_600);
    let silence_window = if what == Try::WithoutEffect { Duration::from_millis(20) } else { long };
    Desk::paced(TradeSettings { poll_interval: long, silence_window, ..settings() }).await
}

/// Whether a row's answer turns the request away by the rate limit.
fn is_turned_away(row: &Row) -> bool {
    row.status == 429 && !row.is_enormous() && row.what != Try::AfterALostAnswer
}

/// What a row comes to, where what took effect stands so.
fn expected(row: &Row, effective: TradeState) -> Option<CameTo> {
    let came_to = |state: TradeState, effects| Some(CameTo { state: state.as_str(), effects });
    let is_refusal = matches!(row.status, 400 | 403) && row.is_bitgos_word();
    match row.what {
        // What may have taken effect is never sent again, so that it never meets the row's answer.
        Try::AfterALostAnswer if !row.speaks_for_all_forms() => None,
        Try::AfterALostAnswer => came_to(effective, 1),
        // The venue's own word that it took nothing, when it did.
        Try::WithEffect if is_refusal || is_turned_away(row) => None,
        Try::WithEffect if matches!(row.status, 200 | 201) && row.body == Body::AnotherSettlement => {
            came_to(TradeState::NeedsOperator, 1)
        }
        Try::WithEffect => came_to(effective, 1),
        Try::WithoutEffect if is_refusal => came_to(TradeState::NotAccepted, 0),
        Try::WithoutEffect if is_turned_away(row) => came_to(effective, 1),
        Try::WithoutEffect => came_to(TradeState::NeedsOperator, 0),
    }
}

/// Lays a row's answer on a call, and on the read that follows a lost one.
fn arrange(desk: &Desk, row: &Row, on: Endpoint, lag: &[(Endpoint, Behaviour)]) {
    let faults = desk.world.sandbox.faults();
    if row.what == Try::AfterALostAnswer {
        faults.push(Fault { on, times: 1, behaviour: Behaviour::AcceptThenCut });
        for (on, behaviour) in lag {
            faults.push(Fault { on: *on, times: 1, behaviour: behaviour.clone() });
        }
    }
    faults.push(row.answer(on));
}

/// Makes the write and holds how often it was sent: once, but for what the rate limit turned away.
async fn meet(desk: &Desk, row: &Row, asked: TradeAsked, sent: impl Fn() -> u64) -> &'static str {
    let before = sent();
    let outcome = desk.write(asked).await;
    assert_eq!(sent() - before, if is_turned_away(row) { 2 } else { 1 }, "{}", row.name());
    let faults = desk.world.sandbox.faults();
    assert_eq!(faults.waiting(), usize::from(row.what == Try::AfterALostAnswer), "{}", row.name());
    faults.clear();
    came_to(&outcome).0.as_str()
}

/// Creating a settlement.
struct Create(Desk);

impl Write for Create {
    const NAME: &'static str = "trade settlement POST";
    const LEFT_OUT: usize = LEFT_OUT;

    async fn open(what: Try) -> Self {
        Self(desk(what).await)
    }

    fn expected(row: &Row) -> Option<CameTo> {
        expected(row, TradeState::Pending)
    }

    async fn meet(&self, row: &Row) -> CameTo {
        let (desk, before) = (&self.0, self.0.at_venue().len());
        let lag = Behaviour::Status { status: 200, body: Body::EmptyList, effect: false };
        arrange(desk, row, Endpoint::TradeCreate, &[(Endpoint::TradeList, lag)]);
        let state = meet(desk, row, direct(&row.name()), || desk.posts()).await;
        CameTo { state, effects: (desk.at_venue().len() - before) as u64 }
    }
}

/// Affirming one.
struct Affirm(Desk);

impl Write for Affirm {
    const NAME: &'static str = "trade affirmation PUT";
    const LEFT_OUT: usize = LEFT_OUT;

    async fn open(what: Try) -> Self {
        Self(desk(what).await)
    }

    fn expected(row: &Row) -> Option<CameTo> {
        expected(row, TradeState::Done)
    }

    async fn meet(&self, row: &Row) -> CameTo {
        let (desk, name) = (&self.0, row.name());
        desk.write(direct(&format!("c-{name}"))).await.unwrap();
        let altered = |members: &[(&str, &str)]| Behaviour::AlteredQuote {
            members: members.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        };
        // The reading before the call is right; the one after it comes from a copy that lags.
        let lag = [altered(&[]), altered(&[("status", "\"pending\"")])].map(|lag| (Endpoint::AffirmationReads, lag));
        arrange(desk, row, Endpoint::AffirmationPut, &lag);
        let state = meet(desk, row, affirming(&format!("a-{name}"), desk.affirmation(B)), || desk.words()).await;
        let newest = desk.at_venue().pop().unwrap();
        let is_affirmed = newest.affirmations.iter().any(|(_, account, status)| account == B && status == "affirmed");
        CameTo { state, effects: u64::from(is_affirmed) }
    }
}

#[tokio::test]
async fn every_answer_to_a_creation_comes_to_its_state_and_is_sent_once() {
    every_answer::<Create>().await;
}

#[tokio::test]
async fn every_answer_to_an_affirmation_comes_to_its_state_and_is_sent_once() {
    every_answer::<Affirm>().await;
}
