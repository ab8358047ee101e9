//! A signing payload that says something else than was asked is never signed.

use settlement_gateway::domain::ids::Notes;
use settlement_gateway::domain::settlement::{Outcome, Reason, State};
use settlement_gateway::sandbox::{Behaviour, Endpoint, Fault, Tamper};
use settlement_gateway::service::ServiceError;

use crate::support::builders::leg;
use crate::support::world::{V2, World, asking, request, state_of};

fn tampered(tamper: Tamper) -> Fault {
    Fault { on: Endpoint::SettlementsSigning, times: 1, behaviour: Behaviour::TamperPayload { tamper } }
}

#[tokio::test]
async fn a_payload_that_differs_in_any_part_is_refused_and_no_signature_exists() {
    let world = World::new().await;
    let harmful = [
        Tamper::Amount,
        Tamper::Account,
        Tamper::ExtraField,
        Tamper::DuplicateKey,
        Tamper::ExternalId,
        Tamper::Nonce,
        Tamper::Cutoff,
        Tamper::Notes,
    ];
    for tamper in harmful {
        let id = format!("{tamper:?}");
        world.sandbox.faults().push(tampered(tamper));
        let mut asked = asking(V2, &id, vec![leg("connection-1", "BTC", "15")]);
        asked.asked.notes = Some(Notes::new("two legs").unwrap());
        let refused = world.initiate(asked).await;
        let Err(ServiceError::NotAccepted(settlement)) = refused else { panic!("{tamper:?}: {refused:?}") };
        assert_eq!(settlement.progress.reason, Some(Reason::PayloadMismatch), "{tamper:?}");
        assert_eq!(settlement.progress.outcome(), Outcome::NotSent, "{tamper:?}");
        assert_eq!(settlement.progress.signature, None, "{tamper:?}");
        assert!(world.at_venue(V2, &id).is_none(), "{tamper:?} was posted");
    }
}

#[tokio::test]
async fn a_payload_that_is_only_spelt_otherwise_is_signed_as_it_came() {
    let world = World::new().await;
    for tamper in [Tamper::Reordered, Tamper::UnicodeEscape] {
        let id = format!("{tamper:?}");
        world.sandbox.faults().push(tampered(tamper));
        let outcome = world.initiate(request(V2, &id)).await;
        assert!(matches!(state_of(&outcome), State::Pending | State::Completed), "{outcome:?}");
        assert_eq!(world.at_venue(V2, &id).unwrap().created, 1);
    }
}
