//! What is left of a call: a count, a duration and a line, and nothing of what it said.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use metrics_exporter_prometheus::PrometheusBuilder;
use settlement_gateway::grpc::pb::SignPayloadRequest;
use settlement_gateway::grpc::pb::signing_service_client::SigningServiceClient;
use tonic::Request;
use tonic::service::Routes;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tracing_subscriber::fmt::MakeWriter;

use super::support::{Running, listener, settings};

/// Text that no line and no metric may hold.
const CANARY: &str = "hunter2";

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

async fn sign(server: &Running) {
    let mut request = Request::new(SignPayloadRequest { payload: CANARY.to_owned(), ..SignPayloadRequest::default() });
    request.metadata_mut().insert("authorization", format!("Bearer {CANARY}").parse().unwrap());
    request.metadata_mut().insert("x-request-id", "r-1".parse().unwrap());
    SigningServiceClient::new(server.channel().await).sign_payload(request).await.unwrap_err();
}

#[tokio::test]
async fn a_call_is_counted_and_timed_under_names_of_the_contract_only() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let server = Running::plain(settings(listener()), Routes::default()).await;
    sign(&server).await;
    HealthClient::new(server.channel().await).check(HealthCheckRequest::default()).await.unwrap();
    let channel = server.channel().await;
    let stranger = "http://localhost/hunter2.v1".parse().unwrap();
    HealthClient::with_origin(channel, stranger).check(HealthCheckRequest::default()).await.unwrap_err();

    let text = recorder.handle().render();
    let count = |service: &str, method: &str, code: &str| {
        let labels = format!("service=\"{service}\",method=\"{method}\",code=\"{code}\"");
        text.contains(&format!("settlement_gateway_rpc_requests_total{{{labels}}} 1"))
    };
    assert!(count("settlement.v1.SigningService", "SignPayload", "UNIMPLEMENTED"), "{text}");
    assert!(count("grpc.health.v1.Health", "Check", "OK"), "{text}");
    assert!(count("unknown", "unknown", "UNIMPLEMENTED"), "{text}");
    assert!(text.contains("settlement_gateway_rpc_duration_seconds"), "{text}");
    assert!(!text.contains(CANARY), "{text}");
}

#[tokio::test]
async fn a_line_names_the_call_its_caller_and_its_end_and_nothing_that_was_said() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().json().with_writer(lines.clone()).with_max_level(tracing::Level::DEBUG);
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let server = Running::plain(settings(listener()), Routes::default()).await;
    sign(&server).await;

    let text = lines.text();
    let line = text.lines().find(|line| line.contains("a call ended")).unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    let fields = &line["fields"];
    assert_eq!(fields["request_id"], "r-1");
    assert_eq!(fields["caller"], "local");
    assert_eq!((&fields["service"], &fields["method"]), (&"settlement.v1.SigningService".into(), &"SignPayload".into()));
    assert_eq!(fields["code"], "UNIMPLEMENTED");
    assert!(!text.contains(CANARY), "{text}");
}
