//! Lives of a gateway: it is asked for work until it dies, and its heir finishes what it left.

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use tokio::sync::OnceCell;

use super::asks::{Ask, Told};
use super::scene::{Backend, Scene};
use crate::process::calls::Gateway;
use crate::process::support::until;
use crate::support::world::{V1, V2};

/// How many gateways are killed side by side.
const AT_ONCE: usize = 8;
/// How often work is asked for before a point counts as one that nobody comes by.
const MAX_ROUNDS: usize = 12;

/// What a gateway is asked for in rounds, until it dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    /// A settlement of each enterprise, side by side.
    Settlements,
    /// A trade settlement, and the other account's word to it.
    Trades,
    /// A quote and its confirmation.
    Payouts,
}

impl Load {
    fn asks(self, round: usize) -> Vec<Arc<Ask>> {
        let asks = match self {
            Self::Settlements => [V1, V2].map(|of| Ask::settlement(of, format!("{of}-{round}"))).into(),
            Self::Trades => vec![Ask::trade(round)],
            Self::Payouts => vec![Ask::payout(format!("payout-{round}"))],
        };
        asks.into_iter().map(Arc::new).collect()
    }

    /// What an uninterrupted gateway answers, in this order.
    async fn uninterrupted(self) -> &'static [Told] {
        static ANSWERS: [OnceCell<Vec<Told>>; 3] = [const { OnceCell::const_new() }; 3];
        let run = async || {
            let scene = Scene::open(Backend::Sqlite, None).await.unwrap();
            let gateway = scene.serve("").await;
            let mut answers = Vec::new();
            for ask in self.asks(0) {
                answers.extend(finished(&scene, gateway.grpc, &ask).await);
            }
            answers
        };
        ANSWERS[self as usize].get_or_init(run).await
    }
}

/// Asks until it is answered and rests, and then for what it leads to.
pub(super) async fn finished(scene: &Scene, grpc: SocketAddr, ask: &Arc<Ask>) -> Vec<Told> {
    let mut told = vec![scene.settled(grpc, ask).await];
    if let Some(affirm) = next(ask, &told[0]) {
        told.push(scene.settled(grpc, &affirm).await);
        if told[1].answer.state == "DONE" {
            let settled = async || scene.ask(grpc, ask).await.ok().filter(|told| told.answer.state == "SETTLED");
            told[0] = until("the trade settlement is settled", settled).await;
        }
    }
    told
}

/// What is asked for once something else is there.
pub(super) fn next(ask: &Arc<Ask>, told: &Told) -> Option<Arc<Ask>> {
    let (Ask::Trade { id }, Some(affirmation)) = (&**ask, &told.affirmation) else { return None };
    Some(Arc::new(Ask::affirmation(id, affirmation.clone())))
}

/// Asks once for something and what it leads to, as far as the gateway lives.
async fn attempted(scene: &Scene, grpc: SocketAddr, ask: Arc<Ask>) {
    let Ok(told) = scene.ask(grpc, &ask).await else { return };
    if let Some(affirm) = next(&ask, &told) {
        let _ = scene.ask(grpc, &affirm).await;
    }
    // What comes after the answer is the gateway's own business, and it may die of that as well.
    let mut looks = 0;
    until("it rests, or nobody answers", async || {
        looks += 1;
        match ask.read(grpc).await {
            Ok(Some(told)) => (told.answer.at_rest || looks > 100).then_some(()),
            Ok(None) | Err(_) => Some(()),
        }
    })
    .await;
}

/// Asks a gateway for work until it has died where it was told to.
pub(super) async fn worked_to_death(scene: &Scene, mut doomed: Gateway, load: Load) {
    for round in 0..MAX_ROUNDS {
        let asks = load.asks(round).into_iter().map(|ask| attempted(scene, doomed.grpc, ask));
        join_all(asks).await;
        // One that is dying refuses calls before it is gone.
        let is_gone =
            async || if doomed.process.is_alive() { answers(scene, doomed.grpc).await.then_some(false) } else { Some(true) };
        if until("it answers, or is gone", is_gone).await {
            let ended = doomed.process.ended().await;
            assert_eq!(ended.code(), None, "{}: it ended by itself: {}", scene.run(), ended.output());
            return;
        }
    }
    panic!("{}: nobody came by: {}", scene.run(), doomed.process.kill().await.output());
}

/// Whether a gateway answers at all.
async fn answers(scene: &Scene, grpc: SocketAddr) -> bool {
    let any = scene.asks().into_iter().next();
    match any {
        Some(ask) => ask.read(grpc).await.is_ok(),
        None => false,
    }
}

/// Has a gateway finish whatever was begun, and holds the end against an uninterrupted gateway's and the recorders.
pub(super) async fn held_to_account(scene: &Scene, heir: &Gateway, load: Load, may_need_a_person: bool) {
    let expected = load.uninterrupted().await;
    for ask in scene.asks().into_iter().filter(|ask| !matches!(**ask, Ask::Affirmation { .. })) {
        let told = finished(scene, heir.grpc, &ask).await;
        let by_a_person = told.iter().any(|told| told.answer.state == "NEEDS_OPERATOR");
        if by_a_person && may_need_a_person {
            continue;
        }
        let place = if load == Load::Settlements && ask.name().of == V2 { 1..2 } else { 0..told.len() };
        let (plain, expected) = (plain(&told), plain(&expected[place]));
        assert_eq!(plain, expected, "{}: {} ended otherwise", scene.run(), ask.name());
    }
    scene.judge(heir.grpc).await;
}

fn plain(told: &[Told]) -> Vec<&str> {
    told.iter().map(|told| told.plain.as_str()).collect()
}

/// Runs cases side by side, so many at once; the first that fails ends all.
pub(super) async fn side_by_side<C>(cases: impl IntoIterator<Item = C>, run: impl AsyncFn(C)) {
    let running = stream::iter(cases).map(|case| run(case));
    running.buffer_unordered(AT_ONCE).collect::<()>().await;
}
