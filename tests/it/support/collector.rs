//! A collector of traces: one that takes them, one that is not there, and one that says nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

/// A span as it came.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) name: String,
    pub(crate) trace: String,
    pub(crate) span: String,
    /// The parent's id; empty for a trace's first span.
    pub(crate) parent: String,
    /// The kind's number in OTLP: 2 for a server, 3 for a client.
    pub(crate) kind: i32,
    /// Trace and span of each link.
    pub(crate) links: Vec<(String, String)>,
    pub(crate) attributes: BTreeMap<String, String>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Told {
    fn of(span: &Span) -> Self {
        let attribute = |value: Option<&Value>| match value {
            Some(Value::StringValue(text)) => text.clone(),
            Some(Value::IntValue(number)) => number.to_string(),
            other => format!("{other:?}"),
        };
        let attributes = span.attributes.iter();
        Self {
            name: span.name.clone(),
            trace: hex(&span.trace_id),
            span: hex(&span.span_id),
            parent: hex(&span.parent_span_id),
            kind: span.kind,
            links: span.links.iter().map(|link| (hex(&link.trace_id), hex(&link.span_id))).collect(),
            attributes: attributes
                .map(|one| (one.key.clone(), attribute(one.value.as_ref().and_then(|value| value.value.as_ref()))))
                .collect(),
        }
    }

    /// An attribute's text; empty where there is none.
    pub(crate) fn says(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

/// The spans as people read them: what lies within another stands further to the right, and a link names the span that it leads to.
pub(crate) fn drawn(spans: &[Told]) -> Vec<String> {
    let is_root = |span: &&Told| !spans.iter().any(|other| other.span == span.parent);
    spans.iter().filter(is_root).flat_map(|root| branch(spans, root, 0)).collect()
}

fn branch(spans: &[Told], of: &Told, depth: usize) -> Vec<String> {
    let about = ["external_id", "state", "outcome", "code"].into_iter().filter(|name| !of.says(name).is_empty());
    let about = about.map(|name| format!(" {name}={}", of.says(name))).collect::<String>();
    let links = of.links.iter().map(|(trace, span)| format!(" -> {}/{}", &trace[..8], &span[..8])).collect::<String>();
    let line = format!("{:indent$}{} {}/{}{about}{links}", "", of.name, &of.trace[..8], &of.span[..8], indent = depth * 2);
    let within = spans.iter().filter(|span| span.parent == of.span).flat_map(|span| branch(spans, span, depth + 1));
    std::iter::once(line).chain(within).collect()
}

/// What came, whole.
#[derive(Clone, Default)]
struct Taken(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

#[tonic::async_trait]
impl TraceService for Taken {
    async fn export(&self, request: Request<ExportTraceServiceRequest>) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.lock().unwrap().push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// A collector that takes what comes.
pub(crate) struct Collector {
    pub(crate) url: String,
    taken: Taken,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let taken = Taken::default();
        let serving = Server::builder().add_service(TraceServiceServer::new(taken.clone()));
        tokio::spawn(serving.serve_with_incoming(TcpListenerStream::new(listener)));
        Self { url, taken }
    }

    /// Every span so far.
    pub(crate) fn spans(&self) -> Vec<Told> {
        let requests = self.taken.0.lock().unwrap();
        let resources = requests.iter().flat_map(|request| &request.resource_spans);
        let spans = resources.flat_map(|resource| &resource.scope_spans).flat_map(|scope| &scope.spans);
        spans.map(Told::of).collect()
    }

    /// All that was told, in every field.
    pub(crate) fn everything(&self) -> String {
        format!("{:?}", self.taken.0.lock().unwrap())
    }
}

/// Where nobody listens.
pub(crate) async fn dead() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// Where connections are made and nothing is ever said, for as long as the listener lives.
pub(crate) async fn silent() -> (String, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (format!("http://{}", listener.local_addr().unwrap()), listener)
}
