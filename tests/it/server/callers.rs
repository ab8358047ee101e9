//! Who is let through, over plain text and TLS, with tokens and certificates.

use rcgen::SanType;
use settlement_gateway::grpc::caller::{CallerDirectory, CallerProof, CertificateName};
use settlement_gateway::grpc::listener::ClientCertificates;
use settlement_gateway::grpc::pb::ListKeysRequest;
use settlement_gateway::grpc::pb::signing_service_client::SigningServiceClient;
use sha2::{Digest, Sha256};
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

use super::support::{Pki, Running, grants, known, listener, settings};

const TOKEN: &str = "a-token-of-a-caller";

fn token_proof() -> CallerProof {
    CallerProof::BearerSha256(Sha256::digest(TOKEN).into())
}

async fn with_token() -> Running {
    Running::start(settings(listener()), None, known(token_proof(), "payments"), Routes::default()).await
}

/// Calls an RPC that no handler stands behind: a known caller gets UNIMPLEMENTED.
async fn call(channel: Channel, authorization: &[&str]) -> Status {
    let mut request = Request::new(ListKeysRequest::default());
    for value in authorization {
        request.metadata_mut().append("authorization", value.parse().unwrap());
    }
    SigningServiceClient::new(channel).list_keys(request).await.unwrap_err()
}

fn assert_unknown(status: &Status) {
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
    let info = status.get_details_error_info().unwrap();
    assert_eq!((info.reason.as_str(), info.domain.as_str()), ("CALLER_UNKNOWN", "settlement.v1"));
}

#[tokio::test]
async fn a_known_token_is_let_through_whatever_the_schemes_case() {
    let server = with_token().await;
    for authorization in [format!("Bearer {TOKEN}"), format!("bearer {TOKEN}")] {
        assert_eq!(call(server.channel().await, &[&authorization]).await.code(), Code::Unimplemented);
    }
}

#[tokio::test]
async fn no_token_a_wrong_one_and_two_at_once_are_refused_before_any_handler() {
    let server = with_token().await;
    let right = format!("Bearer {TOKEN}");
    let basic = format!("Basic {TOKEN}");
    let longer = format!("Bearer {TOKEN}x");
    let wrong: [&[&str]; 6] = [&[], &["Bearer "], &[&longer], &[&basic], &[TOKEN], &[&right, &right]];
    for authorization in wrong {
        assert_unknown(&call(server.channel().await, authorization).await);
    }
}

#[tokio::test]
async fn anybody_may_ask_for_health() {
    let server = with_token().await;
    let mut client = HealthClient::new(server.channel().await);
    client.check(HealthCheckRequest::default()).await.unwrap();
}

#[tokio::test]
async fn a_path_that_only_resembles_an_open_service_is_not_open() {
    let server = with_token().await;
    for path in
        ["/grpc.health.v1.HealthX/Check", "//grpc.health.v1.Health/Check", "/settlement.v1.SigningService/grpc.health.v1.Health"]
    {
        let mut client = tonic::client::Grpc::new(server.channel().await);
        client.ready().await.unwrap();
        let codec = tonic_prost::ProstCodec::<ListKeysRequest, ListKeysRequest>::default();
        let request = Request::new(ListKeysRequest::default());
        let status = client.unary(request, path.parse().unwrap(), codec).await.unwrap_err();
        assert_unknown(&status);
    }
}

async fn mutual(pki: &Pki, proof: CallerProof) -> Running {
    let tls = pki.tls(ClientCertificates::Optional { authorities: pki.path("ca.pem") });
    let directory = CallerDirectory::new(vec![(proof, grants("desk")), (token_proof(), grants("payments"))]).unwrap();
    Running::start(settings(listener()), Some(tls), directory, Routes::default()).await
}

#[tokio::test]
async fn a_certificate_is_recognised_by_each_kind_of_name() {
    let pki = Pki::new();
    let uri = "spiffe://example.org/desk";
    let names = [SanType::DnsName("Desk.example.org".try_into().unwrap()), SanType::URI(uri.try_into().unwrap())];
    let desk = pki.client(&names);
    let proofs = [
        CertificateName::Dns("desk.example.org".to_owned()),
        CertificateName::Uri(uri.to_owned()),
        CertificateName::Sha256(Sha256::digest(desk.der()).into()),
    ];
    for proof in proofs {
        let server = mutual(&pki, CallerProof::Certificate(proof)).await;
        let status = call(pki.channel(server.address, Some(&desk)).await, &[]).await;
        assert_eq!(status.code(), Code::Unimplemented);
    }
}

#[tokio::test]
async fn a_certificate_of_the_same_authority_with_another_name_is_unknown() {
    let pki = Pki::new();
    let server = mutual(&pki, CallerProof::Certificate(CertificateName::Dns("desk.example.org".to_owned()))).await;
    for name in ["other.example.org", "*.example.org", "xdesk.example.org"] {
        let other = pki.client(&[SanType::DnsName(name.try_into().unwrap())]);
        assert_unknown(&call(pki.channel(server.address, Some(&other)).await, &[]).await);
    }
    assert_unknown(&call(pki.channel(server.address, None).await, &[]).await);
}

#[tokio::test]
async fn a_wrong_token_is_refused_even_beside_a_known_certificate() {
    let pki = Pki::new();
    let desk = pki.client(&[SanType::DnsName("desk.example.org".try_into().unwrap())]);
    let server = mutual(&pki, CallerProof::Certificate(CertificateName::Dns("desk.example.org".to_owned()))).await;
    assert_unknown(&call(pki.channel(server.address, Some(&desk)).await, &["Bearer wrong"]).await);
}

#[test]
fn one_proof_for_two_callers_is_refused_at_the_start() {
    let error = CallerDirectory::new(vec![(token_proof(), grants("a")), (token_proof(), grants("b"))]).unwrap_err();
    assert_eq!(error.to_string(), "caller b has the same proof as another caller");
}
