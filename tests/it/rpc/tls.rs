//! The listener with TLS: tokens over it, and certificates in place of tokens.

use settlement_gateway::grpc::pb::ListKeysRequest;
use settlement_gateway::grpc::pb::signing_service_client::SigningServiceClient;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request};

use super::known::{caller, of};
use crate::support::authority::{Authority, connect, dns, uri};
use crate::support::gateway::{GatewayUnderTest, Setup, V1_KEY};
use crate::support::told::{assert_told, refused};

/// Callers by token, by DNS name and by URI.
fn secured(setup: &mut Setup, authority: &Authority) {
    let (certificate, key) = authority.issue(dns("localhost"));
    setup.write_secret("server.pem", &certificate);
    setup.write_secret("server.key", &key);
    setup.write_secret("callers.pem", &authority.pem());
    setup.grpc = "[grpc.tls]\ncertificate_file = \"server.pem\"\nprivate_key_file = \"server.key\"\n\
                  client_ca_file = \"callers.pem\""
        .to_owned();
    let may = format!("rpcs = [\"SigningService/ListKeys\"]\nkeys = [\"{V1_KEY}\"]");
    let by = |id: &str, what: &str| format!("[[callers]]\nid = \"{id}\"\n{may}\n[callers.client_certificate]\n{what}\n");
    setup.callers = [
        caller("by-token", &may),
        by("by-dns", "dns_name = \"payouts.internal\""),
        by("by-uri", "uri = \"spiffe://example.org/payouts\""),
    ]
    .concat();
}

#[tokio::test]
async fn a_token_over_tls_and_a_known_certificate_prove_a_caller() {
    let authority = Authority::new();
    let gateway = GatewayUnderTest::start_with(|setup| secured(setup, &authority)).await;
    let address = gateway.app.grpc_address();
    let keys = |channel: Channel, request: Request<ListKeysRequest>| async move {
        SigningServiceClient::new(channel).list_keys(request).await
    };

    let channel = connect(address, &authority, None).await.unwrap();
    assert!(keys(channel.clone(), of("by-token", ListKeysRequest {})).await.is_ok());
    let told = refused(keys(channel, Request::new(ListKeysRequest {})).await);
    assert_told(&told, Code::Unauthenticated, "CALLER_UNKNOWN");

    for name in [dns("payouts.internal"), uri("spiffe://example.org/payouts")] {
        let channel = connect(address, &authority, Some(authority.client(name))).await.unwrap();
        let listed = keys(channel.clone(), Request::new(ListKeysRequest {})).await.unwrap().into_inner().keys;
        assert_eq!(listed.len(), 1, "one key is granted");
        let told = refused(keys(channel, of("wrong-token", ListKeysRequest {})).await);
        assert_told(&told, Code::Unauthenticated, "CALLER_UNKNOWN");
    }
}

#[tokio::test]
async fn a_certificate_of_another_name_or_authority_proves_nobody() {
    let (authority, other) = (Authority::new(), Authority::new());
    let gateway = GatewayUnderTest::start_with(|setup| secured(setup, &authority)).await;
    let address = gateway.app.grpc_address();
    for name in [dns("payouts.internal.example"), dns("internal"), uri("spiffe://example.org/payouts/2")] {
        let channel = connect(address, &authority, Some(authority.client(name))).await.unwrap();
        let told = refused(SigningServiceClient::new(channel).list_keys(ListKeysRequest {}).await);
        assert_told(&told, Code::Unauthenticated, "CALLER_UNKNOWN");
    }
    let stranger = other.client(dns("payouts.internal"));
    let refused = match connect(address, &authority, Some(stranger)).await {
        Err(_) => true,
        Ok(channel) => SigningServiceClient::new(channel).list_keys(ListKeysRequest {}).await.is_err(),
    };
    assert!(refused, "a certificate of another authority was taken");
    assert!(connect(address, &other, None).await.is_err(), "a client of another authority trusts this server");
}

#[tokio::test]
async fn who_speaks_without_tls_is_not_heard() {
    let authority = Authority::new();
    let gateway = GatewayUnderTest::start_with(|setup| secured(setup, &authority)).await;
    let plain = Endpoint::from_shared(format!("http://{}", gateway.app.grpc_address())).unwrap().connect().await;
    let refused = match plain {
        Err(_) => true,
        Ok(channel) => SigningServiceClient::new(channel).list_keys(of("by-token", ListKeysRequest {})).await.is_err(),
    };
    assert!(refused, "a token was taken in the clear");
}
