//! Who may call what: every caller by every RPC by what it names. A denial never tells whether something exists.

use settlement_gateway::config::KNOWN_RPCS;
use settlement_gateway::grpc::pb;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;

use super::known::{Resources, call, caller, of, token};
use super::requests::settle;
use crate::support::gateway::{GatewayUnderTest, MERCHANT, V1, V1_KEY, V2, V2_KEY};
use crate::support::told::{Told, assert_told};

const GRANTED: Resources = Resources { enterprise: V1, merchant: MERCHANT, key: V1_KEY };
const OTHERS: Resources = Resources { enterprise: V2, merchant: "merchant_456", key: V2_KEY };
const NOBODYS: Resources = Resources { enterprise: "ent-none", merchant: "merchant-none", key: "key-none" };

fn callers() -> String {
    let everything = "rpcs = [\"*\"]\nenterprises = [\"*\"]\nmerchants = [\"*\"]\nkeys = [\"*\"]\nunlimited_currencies = true";
    let one =
        format!("enterprises = [\"{V1}\"]\nmerchants = [\"{MERCHANT}\"]\nkeys = [\"{V1_KEY}\"]\nunlimited_currencies = true");
    let reads = r#"rpcs = ["SettlementService/GetSettlement", "SettlementService/ListSettlements"]"#;
    [
        caller("all", everything),
        caller("one", &format!("rpcs = [\"*\"]\n{one}")),
        caller("reader", &format!("{reads}\n{one}")),
        caller("nobody", ""),
    ]
    .concat()
}

/// A gateway with a settlement named "x" at both enterprises.
async fn with_callers() -> GatewayUnderTest {
    let gateway = GatewayUnderTest::start_with(|setup| setup.callers = callers()).await;
    for enterprise in [V1, V2] {
        gateway.settlements().await.initiate_settlement(of("all", settle(enterprise, "x"))).await.unwrap();
    }
    gateway
}

async fn outcome(gateway: &GatewayUnderTest, name: &str, rpc: &str, named: Resources) -> Option<Told> {
    let bearer = format!("Bearer {}", token(name));
    call(gateway, rpc, Some(&bearer), named).await.err().map(|status| Told::by(&status))
}

/// Whether an RPC names none of what is granted by name.
fn names_nothing(rpc: &str) -> bool {
    rpc == "SigningService/ListKeys"
}

#[tokio::test]
async fn every_caller_may_do_what_is_granted_and_nothing_else() {
    let gateway = with_callers().await;
    let may = |name: &str, rpc: &str| match name {
        // What overrules the gateway is covered by no star.
        "all" | "one" => !rpc.starts_with("AdminService/"),
        "reader" => rpc.ends_with("/GetSettlement") || rpc.ends_with("/ListSettlements"),
        _ => false,
    };
    for name in ["all", "one", "reader", "nobody"] {
        for rpc in KNOWN_RPCS {
            let granted = outcome(&gateway, name, rpc, GRANTED).await;
            let denied = granted.as_ref().is_some_and(|told| told.code == Code::PermissionDenied);
            assert_eq!(denied, !may(name, rpc), "{name} {rpc}: {granted:?}");
            let others = outcome(&gateway, name, rpc, OTHERS).await;
            let denied = others.as_ref().is_some_and(|told| told.code == Code::PermissionDenied);
            let wanted = (name == "all" && may(name, rpc)) || (may(name, rpc) && names_nothing(rpc));
            assert_eq!(denied, !wanted, "{name} {rpc} about others: {others:?}");
        }
    }
}

#[tokio::test]
async fn a_denial_is_the_same_for_what_exists_and_what_does_not() {
    let gateway = with_callers().await;
    // What only callers make the gateway ask; settlements under way are read back without them.
    let asked =
        || ["signing", "/clients/", " /api/v1/", "/api/trade/"].map(|part| gateway.sandbox.ledger().requests_containing(part));
    let before = asked();
    for name in ["one", "reader", "nobody"] {
        for rpc in KNOWN_RPCS.into_iter().filter(|rpc| !names_nothing(rpc)) {
            let exists = outcome(&gateway, name, rpc, OTHERS).await.unwrap();
            let does_not = outcome(&gateway, name, rpc, NOBODYS).await.unwrap();
            assert_told(&exists, Code::PermissionDenied, "NOT_ALLOWED");
            assert_eq!(exists, does_not, "{name} {rpc}");
            if name == "nobody" {
                assert_eq!(outcome(&gateway, name, rpc, GRANTED).await.as_ref(), Some(&exists), "{rpc}");
            }
        }
    }
    assert_eq!(asked(), before, "a venue was called for who is denied");
}

#[tokio::test]
async fn who_does_not_prove_itself_is_unknown_to_every_rpc() {
    let gateway = with_callers().await;
    let good = token("all");
    let wrong = [
        None,
        Some(String::new()),
        Some("Bearer".to_owned()),
        Some("Bearer ".to_owned()),
        Some(format!("Bearer {good}x")),
        Some(format!("Bearer {}", &good[1..])),
        Some(format!("Bearer {}", good.to_uppercase())),
        Some(format!("Basic {good}")),
        Some(good),
    ];
    for authorization in wrong {
        for rpc in KNOWN_RPCS {
            let status = call(&gateway, rpc, authorization.as_deref(), GRANTED).await.unwrap_err();
            assert_told(&Told::by(&status), Code::Unauthenticated, "CALLER_UNKNOWN");
        }
    }
}

#[tokio::test]
async fn two_tokens_at_once_prove_nothing() {
    let gateway = with_callers().await;
    let mut request = of("all", pb::ListKeysRequest {});
    request.metadata_mut().append("authorization", format!("Bearer {}", token("one")).parse().unwrap());
    let status = gateway.signing().await.list_keys(request).await.unwrap_err();
    assert_told(&Told::by(&status), Code::Unauthenticated, "CALLER_UNKNOWN");
}

#[tokio::test]
async fn keys_are_listed_to_who_may_name_them() {
    let gateway = with_callers().await;
    for (name, expected) in [("all", &[V1_KEY, V2_KEY][..]), ("one", &[V1_KEY])] {
        let keys = gateway.signing().await.list_keys(of(name, pb::ListKeysRequest {})).await.unwrap().into_inner().keys;
        assert_eq!(keys.iter().map(|key| key.key_id.as_str()).collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn health_and_reflection_are_open_to_everybody() {
    let gateway = with_callers().await;
    let mut health = HealthClient::new(gateway.channel().await);
    for service in ["", "settlement.v1.SettlementService", "settlement.v1.SigningService", "settlement.v1.QuoteService"] {
        let answer = health.check(HealthCheckRequest { service: service.to_owned() }).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
    }
    let list =
        ServerReflectionRequest { host: String::new(), message_request: Some(MessageRequest::ListServices(String::new())) };
    let mut reflection = ServerReflectionClient::new(gateway.channel().await);
    let mut answers = reflection.server_reflection_info(tokio_stream::once(list)).await.unwrap().into_inner();
    let answer = format!("{:?}", answers.message().await.unwrap().unwrap());
    assert!(answer.contains("settlement.v1.SettlementService"), "{answer}");
}

#[tokio::test]
async fn the_record_names_the_caller() {
    let gateway = with_callers().await;
    gateway.settlements().await.initiate_settlement(of("one", settle(V1, "mine"))).await.unwrap();
    let request = of("reader", super::requests::get(V1, "mine"));
    let stored = gateway.settlements().await.get_settlement(request).await.unwrap().into_inner().settlement.unwrap();
    assert_eq!(stored.caller, "one");
}
