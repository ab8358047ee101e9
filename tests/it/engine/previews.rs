//! A preview shows what a settlement would be, and of a recorded one what it is.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use settlement_gateway::domain::ids::EnterpriseId;
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, Fault};
use settlement_gateway::service::{Context, Directory, Enterprise, ServiceError, initiate_settlement, preview_settlement};
use settlement_gateway::upstream::bitgo::{BitGo, BitGoOptions, RequestAuth, SigningMethod};
use settlement_gateway::upstream::{Credential, HttpOptions, Unlimited, VenueFailure};

use crate::support::world::{RealClock, V1, World, caller, request};

#[tokio::test]
async fn a_preview_of_a_recorded_settlement_shows_the_nonce_that_was_recorded() {
    let world = World::new().await;
    let behaviour = Behaviour::Status { status: 503, body: Body::Html, effect: false };
    world.sandbox.faults().push(Fault { on: Endpoint::SettlementsSigning, times: 1, behaviour });
    let patience = Duration::from_millis(1);
    let recorded = initiate_settlement(&world.context, &caller(), request(V1, "twice"), patience).await.unwrap().settlement;
    let intent = world.context.store.intent(recorded.id).await.unwrap();
    world.until_at_rest(recorded).await;
    let preview = preview_settlement(&world.context, &caller(), request(V1, "twice")).await.unwrap();
    assert_eq!(preview.intent, intent);
    assert!(preview.payload.contains(intent.nonce.as_str()));
}

/// Writes a token so that the file's time and length do not tell it from the one before.
pub(super) fn write(path: &Path, token: &str) {
    fs::write(path, token).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    File::options().write(true).open(path).unwrap().set_modified(UNIX_EPOCH).unwrap();
}

/// The same gateway with a token that was read before it was exchanged.
pub(super) fn with_token_file(world: &World, path: &Path) -> Context {
    let venue = BitGo::new(BitGoOptions {
        base_url: world.sandbox.bitgo_url(),
        credential: Credential::from_file(path).unwrap(),
        auth: RequestAuth::Bearer,
        signing_method: SigningMethod::Post,
        http: HttpOptions { allow_plaintext: true, ..HttpOptions::default() },
        allowance: Arc::new(Unlimited),
        clock: Arc::new(RealClock),
    });
    let venue = Arc::new(venue.unwrap());
    let known = world.context.directory.enterprise(&EnterpriseId::new(V1).unwrap()).unwrap().clone();
    let enterprise = Enterprise { reads: venue.clone(), venue, ..known };
    Context { directory: Arc::new(Directory::new(vec![enterprise], None).unwrap()), ..world.context.clone() }
}

#[tokio::test]
async fn a_preview_takes_a_credential_that_was_exchanged_once_and_asks_no_third_time() {
    let world = World::new().await;
    let path = world.folder.path().join("token");
    write(&path, "token-ent-v0");
    let context = with_token_file(&world, &path);
    let preview = preview_settlement(&context, &caller(), request(V1, "refused")).await;
    let refused =
        |answer: &ServiceError| matches!(answer, ServiceError::Venue { failure: VenueFailure::Refused { status: 401, .. }, .. });
    assert!(preview.as_ref().is_err_and(refused), "{preview:?}");
    assert_eq!(world.sandbox.ledger().requests_containing("/partners"), 1, "the same credential is not tried again");
    write(&path, "token-ent-v1");
    assert!(preview_settlement(&context, &caller(), request(V1, "renewed")).await.is_ok());
    assert_eq!(world.sandbox.ledger().requests_containing("settlements-signing"), 1);
}
