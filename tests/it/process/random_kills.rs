//! SIGKILL at random moments under load. `SEED=n` repeats the choices of a run that failed.

use std::net::SocketAddr;

use settlement_gateway::grpc::pb::{Settlement, SettlementState};
use settlement_gateway::sandbox::{Behaviour, EXAMPLE_CONNECTIONS, Endpoint, Fault, Sandbox};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::calls::initiate;
use super::installation::Installation;
use super::support::until;
use crate::support::world::{V1, V2};

const SETTLEMENTS: usize = 30;
const KILLS: usize = 6;
/// What the accounts hold at first.
const FUNDS: usize = 1_000_000;

/// Choices that follow from a seed alone (SplitMix64).
struct Choices(u64);

impl Choices {
    fn from_environment() -> Self {
        let seed = std::env::var("SEED").ok().map(|text| text.parse().expect("SEED is a number"));
        let seed = seed.unwrap_or_else(|| u64::from_le_bytes(uuid::Uuid::new_v4().as_bytes()[..8].try_into().unwrap()));
        println!("SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    /// Something that a venue does now and then.
    fn fault(&mut self) -> Fault {
        let on = [Endpoint::SettlementsSigning, Endpoint::SettlementPost, Endpoint::SettlementList][self.index(3)];
        let ms = self.below(100);
        let behaviour = match self.below(4) {
            0 => Behaviour::DelayBefore { ms },
            1 => Behaviour::DelayAfter { ms },
            2 => Behaviour::AcceptThenCut,
            _ => Behaviour::CutBefore,
        };
        Fault { on, times: 1, behaviour }
    }

    fn index(&mut self, end: u64) -> usize {
        usize::try_from(self.below(end)).unwrap()
    }
}

/// Asks, over every restart, until there is an answer.
async fn acknowledged(
    mut address: watch::Receiver<SocketAddr>,
    enterprise: &'static str,
    external_id: String,
) -> (&'static str, Settlement) {
    loop {
        let here = *address.borrow_and_update();
        match initiate(here, enterprise, &external_id).await {
            Ok(settlement) => return (enterprise, settlement),
            // The process was killed: the next one will tell its address.
            Err(_) => address.changed().await.expect("there is a gateway"),
        }
    }
}

fn venue_requests(sandbox: &Sandbox) -> u64 {
    sandbox.ledger().requests_containing("partners/")
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_at_random_moments_under_load_lose_nothing_and_settle_nothing_twice() {
    let mut choices = Choices::from_environment();
    let installation = Installation::new();
    let sandbox = installation.with_venues().await;
    let mut gateway = installation.serve().await;
    let (tell, address) = watch::channel(gateway.grpc);
    let (mut asked, mut answers) = (JoinSet::new(), Vec::new());
    for number in 0..SETTLEMENTS {
        let enterprise = [V1, V2][number % 2];
        asked.spawn(acknowledged(address.clone(), enterprise, format!("under-load-{number}")));
    }
    for _ in 0..KILLS {
        sandbox.faults().push(choices.fault());
        let enough = venue_requests(&sandbox) + choices.below(15);
        until("the venue was asked often enough", async || {
            answers.extend(std::iter::from_fn(|| asked.try_join_next()).map(Result::unwrap));
            (asked.is_empty() || venue_requests(&sandbox) >= enough).then_some(())
        })
        .await;
        gateway.process.kill().await;
        gateway = installation.serve().await;
        tell.send_replace(gateway.grpc);
    }
    answers.extend(asked.join_all().await);
    assert_eq!(answers.len(), SETTLEMENTS);
    for (enterprise, acknowledged) in answers {
        let settled = gateway.reconciled(enterprise, &acknowledged.external_id).await;
        assert_eq!(settled.state(), SettlementState::Completed, "{settled:?}");
        let known = usize::try_from(acknowledged.sequence).unwrap();
        assert_eq!(settled.timeline[..known], acknowledged.timeline[..], "what was acknowledged is not lost");
        let again = gateway.initiate(enterprise, &settled.external_id).await.unwrap();
        assert_eq!(again, settled);
    }
    settled_once_each(&sandbox);
}

/// The venue's ledger has each settlement once, from one body, and the sums agree with what was asked.
fn settled_once_each(sandbox: &Sandbox) {
    let ledger = sandbox.ledger();
    assert_eq!(ledger.settlements.len(), SETTLEMENTS);
    for entry in &ledger.settlements {
        assert_eq!((entry.created, entry.body_digests.len()), (1, 1), "{entry:?}");
    }
    let (paid, owed) = (SETTLEMENTS / 2, SETTLEMENTS / 2 * 2);
    for enterprise in [V1, V2] {
        assert_eq!(ledger.balance(enterprise, "", "BTC"), Some((FUNDS - paid).to_string().as_str()));
        assert_eq!(ledger.balance(enterprise, "", "ETH"), Some((FUNDS + owed).to_string().as_str()));
        assert_eq!(ledger.balance(enterprise, EXAMPLE_CONNECTIONS[1], "ETH"), Some((FUNDS - owed).to_string().as_str()));
    }
}
