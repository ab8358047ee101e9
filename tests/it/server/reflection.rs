//! Both versions of reflection.

use settlement_gateway::grpc::reflection::add_reflection;
use tokio_stream::once;
use tonic::service::Routes;
use tonic_reflection::pb::{v1, v1alpha};

use super::support::{Running, listener, settings};

const SERVICES: [&str; 8] = [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
    "settlement.v1.AdminService",
    "settlement.v1.QuoteService",
    "settlement.v1.SettlementService",
    "settlement.v1.SigningService",
    "settlement.v1.TradeSettlementService",
];

async fn reflecting() -> Running {
    Running::plain(settings(listener()), add_reflection(Routes::default()).unwrap()).await
}

/// Asks one thing by one version of the protocol: the services' names, or how many files answer.
macro_rules! ask {
    ($version:ident, $server:expr, $what:ident($value:expr)) => {{
        use $version::server_reflection_client::ServerReflectionClient;
        use $version::server_reflection_request::MessageRequest;
        use $version::server_reflection_response::MessageResponse;
        let message_request = Some(MessageRequest::$what($value.to_owned()));
        let request = $version::ServerReflectionRequest { host: String::new(), message_request };
        let mut client = ServerReflectionClient::new($server.channel().await);
        let mut stream = client.server_reflection_info(once(request)).await.unwrap().into_inner();
        let mut answers: Vec<String> = match stream.message().await.unwrap().unwrap().message_response.unwrap() {
            MessageResponse::ListServicesResponse(list) => list.service.into_iter().map(|service| service.name).collect(),
            MessageResponse::FileDescriptorResponse(files) => vec![files.file_descriptor_proto.len().to_string()],
            other => vec![format!("{other:?}")],
        };
        answers.sort();
        answers
    }};
}

#[tokio::test]
async fn both_versions_list_every_service() {
    let server = reflecting().await;
    assert_eq!(ask!(v1, server, ListServices("")), SERVICES);
    assert_eq!(ask!(v1alpha, server, ListServices("")), SERVICES);
}

#[tokio::test]
async fn the_details_of_errors_can_be_looked_up() {
    let server = reflecting().await;
    for symbol in ["google.rpc.ErrorInfo", "google.rpc.BadRequest", "google.rpc.RetryInfo", "settlement.v1.ErrorReason"] {
        assert_eq!(ask!(v1, server, FileContainingSymbol(symbol)), ["1"], "{symbol}");
        assert_eq!(ask!(v1alpha, server, FileContainingSymbol(symbol)), ["1"], "{symbol}");
    }
}
