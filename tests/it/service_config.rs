//! `proto/service_config.json` is held to the contract: it names every RPC that may be repeated, and no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use prost::Message;
use prost_types::FileDescriptorSet;
use serde_json::{Value, json};
use settlement_gateway::grpc::pb;

/// The RPCs that no client may repeat by itself, and why.
///
/// RetrySettlement, CancelSettlement and the three Resolve*: what was asked for has happened when the answer is lost, so that a
/// repeat is refused for the state that it finds, and its caller would believe that it failed. ConfirmQuote: after a refusal the
/// same call confirms anew, which a caller should want.
const NOT_REPEATED: [&str; 6] = [
    "settlement.v1.AdminService/ResolveQuoteConfirmation",
    "settlement.v1.AdminService/ResolveSettlement",
    "settlement.v1.AdminService/ResolveTradeSettlement",
    "settlement.v1.QuoteService/ConfirmQuote",
    "settlement.v1.SettlementService/CancelSettlement",
    "settlement.v1.SettlementService/RetrySettlement",
];

fn config() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto/service_config.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn contract() -> BTreeSet<String> {
    let set = FileDescriptorSet::decode(pb::FILE_DESCRIPTOR_SET).unwrap();
    let services = set.file.iter().flat_map(|file| file.service.iter().map(move |service| (file.package(), service)));
    let rpcs = services.flat_map(|(package, service)| service.method.iter().map(move |method| (package, service, method)));
    rpcs.map(|(package, service, method)| format!("{package}.{}/{}", service.name(), method.name())).collect()
}

#[test]
fn every_rpc_is_either_repeated_or_known_not_to_be() {
    let config = config();
    let methods = config["methodConfig"].as_array().unwrap();
    let names = methods.iter().flat_map(|method| method["name"].as_array().unwrap());
    let mut named: Vec<_> = names
        .map(|name| format!("{}/{}", name["service"].as_str().unwrap(), name["method"].as_str().unwrap()))
        .chain(NOT_REPEATED.map(str::to_owned))
        .collect();
    named.sort();
    assert_eq!(named, contract().into_iter().collect::<Vec<_>>(), "an RPC twice, or one that the contract does not have");
}

#[test]
fn calls_go_to_every_replica_and_are_repeated_after_unavailable_alone() {
    let config = config();
    assert_eq!(config["loadBalancingConfig"], json!([{ "round_robin": {} }]));
    for method in config["methodConfig"].as_array().unwrap() {
        assert_eq!(method["retryPolicy"]["retryableStatusCodes"], json!(["UNAVAILABLE"]));
        let attempts = method["retryPolicy"]["maxAttempts"].as_u64().unwrap();
        assert!((2..=5).contains(&attempts), "gRPC takes at most 5 attempts, not {attempts}");
    }
    assert!(config["retryThrottling"]["maxTokens"].as_u64().unwrap() > 0, "nothing bounds retries while a gateway is down");
}
