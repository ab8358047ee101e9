//! SIGKILL at known moments of a settlement: what was recorded completes after a restart, exactly once.

use settlement_gateway::grpc::pb::{Settlement, SettlementState};
use settlement_gateway::sandbox::{Behaviour, Endpoint, Fault, Sandbox};

use super::calls::Gateway;
use super::installation::{Installation, MAX_LAPSES, created, faults_left};
use crate::support::world::{V1, V2};

/// Longer than a test: what is held here is let go by the end of the process that asked.
const HELD_MS: u64 = 600_000;
const BEFORE: Behaviour = Behaviour::DelayBefore { ms: HELD_MS };
const AFTER: Behaviour = Behaviour::DelayAfter { ms: HELD_MS };

/// Where the process stands when it is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// The intent is recorded, and the venue is asked for the text to sign.
    Received,
    /// The attempt is recorded, and the body is on its way.
    Submitting,
    /// The venue has taken the body, and its answer was not read.
    Accepted,
    /// No answer came, and the venue is asked what it has.
    OutcomeUnknown,
}

impl Moment {
    /// What holds the process there.
    fn faults(self) -> Vec<(Endpoint, Behaviour)> {
        match self {
            Self::Received => vec![(Endpoint::SettlementsSigning, BEFORE)],
            Self::Submitting => vec![(Endpoint::SettlementPost, BEFORE)],
            Self::Accepted => vec![(Endpoint::SettlementPost, AFTER)],
            Self::OutcomeUnknown => {
                vec![(Endpoint::SettlementPost, Behaviour::AcceptThenCut), (Endpoint::SettlementList, BEFORE)]
            }
        }
    }

    fn state(self) -> SettlementState {
        match self {
            Self::Received => SettlementState::Received,
            Self::Submitting | Self::Accepted => SettlementState::Submitting,
            Self::OutcomeUnknown => SettlementState::OutcomeUnknown,
        }
    }
}

fn hold(sandbox: &Sandbox, faults: impl IntoIterator<Item = (Endpoint, Behaviour)>) {
    for (on, behaviour) in faults {
        sandbox.faults().push(Fault { on, times: 1, behaviour });
    }
}

/// The settlement completed, the venue has it once from one body, and asking again tells the same and sends nothing.
async fn settled_once(gateway: &Gateway, sandbox: &Sandbox, enterprise: &str, external_id: &str) -> Settlement {
    // What comes after the end reads the venue too, and must not meet the next settlement's faults.
    let settled = gateway.reconciled(enterprise, external_id).await;
    assert_eq!(settled.state(), SettlementState::Completed, "{settled:?}");
    let entry = created(sandbox, enterprise, external_id).await;
    assert_eq!((entry.created, entry.body_digests.len()), (1, 1), "{entry:?}");
    assert_eq!(gateway.initiate(enterprise, external_id).await.unwrap(), settled);
    assert_eq!(created(sandbox, enterprise, external_id).await.posts, entry.posts);
    settled
}

async fn killed_at_each(moments: &[Moment]) {
    let installation = Installation::new();
    let sandbox = installation.with_venues().await;
    let mut gateway = installation.serve().await;
    for enterprise in [V1, V2] {
        for moment in moments {
            let external_id = format!("killed-{moment:?}");
            hold(&sandbox, moment.faults());
            gateway.initiate_and_go(enterprise, &external_id);
            faults_left(&sandbox, 0).await;
            if matches!(moment, Moment::Accepted) {
                created(&sandbox, enterprise, &external_id).await;
            }
            let before = gateway.stored(enterprise, &external_id).await.unwrap();
            assert_eq!(before.state(), moment.state(), "{external_id}");
            gateway.process.kill().await;
            gateway = installation.serve().await;
            let after = settled_once(&gateway, &sandbox, enterprise, &external_id).await;
            let recorded = usize::try_from(before.sequence).unwrap();
            assert_eq!(after.timeline[..recorded], before.timeline[..], "what was recorded stays as it was");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_before_the_venue_has_the_settlement_costs_nothing() {
    killed_at_each(&[Moment::Received, Moment::Submitting]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_after_the_venue_took_the_settlement_makes_no_second_one() {
    killed_at_each(&[Moment::Accepted, Moment::OutcomeUnknown]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_kills_of_one_settlement_settle_it_once() {
    let installation = Installation::new();
    let sandbox = installation.with_venues().await;
    for enterprise in [V1, V2] {
        let lives = [
            (Endpoint::SettlementsSigning, BEFORE, SettlementState::Received),
            (Endpoint::SettlementPost, BEFORE, SettlementState::Submitting),
            (Endpoint::SettlementList, BEFORE, SettlementState::OutcomeUnknown),
            (Endpoint::SettlementPost, AFTER, SettlementState::Submitting),
            (Endpoint::SettlementList, BEFORE, SettlementState::OutcomeUnknown),
        ];
        for (on, behaviour, state) in lives {
            hold(&sandbox, [(on, behaviour)]);
            let gateway = installation.serve().await;
            gateway.initiate_and_go(enterprise, "often-killed");
            faults_left(&sandbox, 0).await;
            assert_eq!(gateway.stored(enterprise, "often-killed").await.unwrap().state(), state);
            gateway.process.kill().await;
        }
        let gateway = installation.serve().await;
        settled_once(&gateway, &sandbox, enterprise, "often-killed").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_again_and_again_in_one_step_hands_the_settlement_to_an_operator_and_sends_nothing() {
    let installation = Installation::new();
    let sandbox = installation.with_venues().await;
    for _ in 0..MAX_LAPSES {
        hold(&sandbox, [(Endpoint::SettlementsSigning, BEFORE)]);
        let gateway = installation.serve().await;
        gateway.initiate_and_go(V1, "deadly");
        faults_left(&sandbox, 0).await;
        gateway.process.kill().await;
    }
    let gateway = installation.serve().await;
    let parked = gateway.initiate(V1, "deadly").await.unwrap();
    assert_eq!(parked.state(), SettlementState::NeedsOperator);
    assert!(sandbox.ledger().settlement(V1, "deadly").is_none());
}
