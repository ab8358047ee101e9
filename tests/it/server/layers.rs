//! What surrounds a handler, with a handler that does what its method's name says.

use std::convert::Infallible;
use std::future::{pending, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use settlement_gateway::domain::policy::Grants;
use settlement_gateway::grpc::pb::{ListKeysRequest, ListKeysResponse};
use settlement_gateway::grpc::server::ServerSettings;
use settlement_gateway::grpc::{Deadline, RequestId};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use super::support::{PATIENCE, Running, listener, settings};

type HttpRequest = http::Request<Body>;
type Answer = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Infallible>> + Send>>;

/// Reports each call that reaches it, then panics, hangs, or refuses with its caller's name.
#[derive(Clone)]
struct Puppet {
    reached: mpsc::UnboundedSender<HttpRequest>,
}

impl NamedService for Puppet {
    const NAME: &'static str = "puppet.v1.Puppet";
}

impl tower::Service<HttpRequest> for Puppet {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequest) -> Answer {
        let path = request.uri().path().to_owned();
        let caller = request.extensions().get::<Arc<Grants>>().map(|grants| grants.caller.to_string());
        // Most tests do not look.
        let _ = self.reached.send(request);
        match path.as_str() {
            "/puppet.v1.Puppet/Panic" => Box::pin(async { panic!("hunter2") }),
            "/puppet.v1.Puppet/Hang" => Box::pin(pending()),
            _ => Box::pin(ready(Ok(Status::aborted(caller.unwrap_or_default()).into_http()))),
        }
    }
}

async fn started(settings: ServerSettings) -> (Running, mpsc::UnboundedReceiver<HttpRequest>) {
    let (reached, calls) = mpsc::unbounded_channel();
    (Running::plain(settings, Routes::new(Puppet { reached })).await, calls)
}

async fn call(channel: Channel, method: &str, metadata: &[(&'static str, &str)]) -> Status {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let mut request = Request::new(ListKeysRequest::default());
    for (name, value) in metadata {
        request.metadata_mut().insert(*name, value.parse().unwrap());
    }
    let codec = tonic_prost::ProstCodec::<ListKeysRequest, ListKeysResponse>::default();
    let path = format!("/puppet.v1.Puppet/{method}").parse().unwrap();
    client.unary(request, path, codec).await.unwrap_err()
}

fn code_and_reason(status: &Status) -> (Code, String) {
    (status.code(), status.get_details_error_info().unwrap().reason)
}

fn request_id(status: &Status) -> &str {
    status.metadata().get("x-request-id").unwrap().to_str().unwrap()
}

#[tokio::test]
async fn a_handler_finds_its_callers_grants_and_no_credential() {
    let (server, mut calls) = started(settings(listener())).await;
    let status = call(server.channel().await, "Tell", &[("authorization", "Bearer hunter2")]).await;
    assert_eq!((status.code(), status.message()), (Code::Aborted, "local"));
    assert!(calls.recv().await.unwrap().headers().get("authorization").is_none());
}

#[tokio::test]
async fn a_call_keeps_its_callers_id_and_gets_one_otherwise() {
    let (server, mut calls) = started(settings(listener())).await;
    let status = call(server.channel().await, "Tell", &[("x-request-id", "mine-1")]).await;
    assert_eq!(request_id(&status), "mine-1");
    assert_eq!(calls.recv().await.unwrap().extensions().get::<RequestId>().unwrap().as_str(), "mine-1");

    let status = call(server.channel().await, "Tell", &[("x-request-id", "not a plain id")]).await;
    assert_eq!(request_id(&status).len(), 36);
}

#[tokio::test]
async fn a_panic_is_an_internal_fault_that_tells_nothing_and_ends_nothing_else() {
    let (server, _calls) = started(settings(listener())).await;
    let channel = server.channel().await;
    let status = call(channel.clone(), "Panic", &[]).await;
    assert_eq!(code_and_reason(&status), (Code::Internal, "INTERNAL".to_owned()));
    assert!(!status.message().contains("hunter2"));
    assert_eq!(call(channel, "Tell", &[]).await.code(), Code::Aborted);
}

#[tokio::test]
async fn a_deadline_that_passes_is_told_as_such_and_not_as_cancelled() {
    let (server, mut calls) = started(settings(listener())).await;
    // A gRPC client's own timer would answer first; this one has none.
    let client = reqwest::Client::builder().http2_prior_knowledge().no_proxy().build().unwrap();
    let request = client.post(format!("http://{}/puppet.v1.Puppet/Hang", server.address)).header("grpc-timeout", "20m");
    let response = request.header("content-type", "application/grpc").body(vec![0; 5]).send().await.unwrap();
    let status = Status::from_header_map(response.headers()).unwrap();
    assert_eq!(code_and_reason(&status), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned()));
    assert!(calls.recv().await.unwrap().extensions().get::<Deadline>().is_some());
}

#[tokio::test]
async fn a_call_without_a_deadline_or_with_a_distant_one_ends_at_the_servers_cap() {
    let capped = ServerSettings { max_call_duration: Duration::from_millis(20), ..settings(listener()) };
    let (server, mut calls) = started(capped).await;
    for metadata in [&[][..], &[("grpc-timeout", "1H")]] {
        let status = call(server.channel().await, "Hang", metadata).await;
        assert_eq!(code_and_reason(&status), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned()));
    }
    assert!(calls.recv().await.unwrap().extensions().get::<Deadline>().is_none(), "nobody set one");
}

#[tokio::test]
async fn a_deadline_that_cannot_be_read_is_refused_before_the_handler() {
    let (server, mut calls) = started(settings(listener())).await;
    let status = call(server.channel().await, "Tell", &[("grpc-timeout", "soon")]).await;
    assert_eq!(code_and_reason(&status), (Code::InvalidArgument, "INVALID_REQUEST".to_owned()));
    assert!(calls.try_recv().is_err());
}

#[tokio::test]
async fn one_call_too_many_is_refused_and_its_place_is_given_again() {
    let narrow = ServerSettings { max_calls_in_flight: 1, ..settings(listener()) };
    let (server, mut calls) = started(narrow).await;
    let channel = server.channel().await;
    let first = tokio::spawn(call(channel.clone(), "Hang", &[]));
    calls.recv().await.unwrap();
    let status = call(channel.clone(), "Tell", &[]).await;
    assert_eq!(code_and_reason(&status), (Code::Unavailable, "OVERLOADED".to_owned()));
    assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
    assert!(calls.try_recv().is_err());

    // The caller goes away; its place is free once the server has seen it go.
    first.abort();
    let again = async { while call(channel.clone(), "Tell", &[]).await.code() != Code::Aborted {} };
    timeout(PATIENCE, again).await.expect("the place is given again");
}
