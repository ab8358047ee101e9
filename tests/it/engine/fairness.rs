//! One enterprise's trouble is no other's.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use settlement_gateway::domain::budget::Urgency;
use settlement_gateway::domain::client_settlement::{ClientSettlement, ClientSettlementQuery};
use settlement_gateway::domain::ids::{EnterpriseId, ExternalId};
use settlement_gateway::domain::settlement::{DispatchAnswer, Intent, NetworkBalance, Route, State, VenueSettlement};
use settlement_gateway::domain::signing::Signature;
use settlement_gateway::service::engine::{Engine, EngineSettings};
use settlement_gateway::service::{Context, Directory, Enterprise, initiate_settlement};
use settlement_gateway::upstream::{GoNetwork, VenueFailure};

use crate::support::world::{PATIENCE, V1, V2, World, caller, quick, request};

/// A venue that never answers.
struct Hangs;

#[async_trait]
impl GoNetwork for Hangs {
    async fn signing_payload(&self, _: &Intent, _: Urgency) -> Result<String, VenueFailure> {
        std::future::pending().await
    }

    fn settlement_body(&self, _: &Intent, _: &str, _: &Signature) -> Vec<u8> {
        Vec::new()
    }

    async fn post_settlement(&self, _: &EnterpriseId, _: Route, _: &[u8]) -> DispatchAnswer {
        std::future::pending().await
    }

    async fn find_settlement(&self, _: &EnterpriseId, _: &ExternalId) -> Result<Option<VenueSettlement>, VenueFailure> {
        std::future::pending().await
    }

    async fn network_balances(&self, _: &EnterpriseId) -> Result<Vec<NetworkBalance>, VenueFailure> {
        std::future::pending().await
    }

    async fn client_settlement(&self, _: &ClientSettlementQuery) -> Result<ClientSettlement, VenueFailure> {
        std::future::pending().await
    }

    fn reload_credential(&self) -> bool {
        false
    }
}

/// The same world with another engine: the first enterprise's venue hangs, the second's answers.
async fn with_hanging_v1(world: &World, settings: EngineSettings) -> Context {
    world.context.engine.drain().await;
    let enterprise = |id| world.context.directory.enterprise(&EnterpriseId::new(id).unwrap()).unwrap().clone();
    let hanging = Enterprise { venue: Arc::new(Hangs), ..enterprise(V1) };
    let directory = Arc::new(Directory::new(vec![hanging, enterprise(V2)], None).unwrap());
    let Context { store, anchor, keyring, clock, .. } = world.context.clone();
    let engine = Engine::new(store, anchor, keyring, directory.clone(), clock, settings);
    engine.start();
    Context { directory, engine, ..world.context.clone() }
}

#[tokio::test]
async fn an_enterprise_whose_venue_hangs_does_not_stop_another() {
    let world = World::new().await;
    let settings = EngineSettings { workers: 4, max_turns_per_enterprise: 2, ..quick() };
    let context = with_hanging_v1(&world, settings).await;
    for n in 0..8 {
        let hanging = request(V1, &format!("hanging-{n}"));
        initiate_settlement(&context, &caller(), hanging, Duration::ZERO).await.unwrap();
    }
    let view = initiate_settlement(&context, &caller(), request(V2, "fine"), PATIENCE).await.unwrap();
    assert!(matches!(view.settlement.progress.state, State::Pending | State::Completed), "{:?}", view.settlement.progress.state);
    assert_eq!(world.at_venue(V2, "fine").unwrap().created, 1);
}
