//! Traces and log lines of the real process: a settlement is followed from its caller to the venue, and over a restart.

use serde_json::Value;
use settlement_gateway::grpc::pb::SettlementState;
use settlement_gateway::grpc::pb::trade_settlement_service_client::TradeSettlementServiceClient;
use settlement_gateway::sandbox::{Behaviour, Endpoint, Fault, Sandbox};
use std::time::Duration;
use tonic::Request;

use super::calls::{Gateway, channel, request};
use super::installation::{Installation, faults_left};
use super::ordeal::asks::creation;
use super::support::until;
use crate::support::collector::{Collector, Told, dead, drawn, silent};
use crate::support::world::{V1, V2};
use crate::upstream::server::{Reply, Server};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";
const INITIATE: &str = "settlement.v1.SettlementService/InitiateSettlement";

/// A configuration whose traces go to a collector, in small batches.
fn telemetry(endpoint: &str, more: &str) -> String {
    format!("[telemetry]\ntraces_endpoint = \"{endpoint}\"\ntraces_interval_ms = 10\ncensus_interval_ms = 1000\n{more}")
}

fn configured(installation: &Installation, sandbox: &Sandbox, telemetry: &str) {
    installation.configure(&sandbox.bitgo_url(), &sandbox.bitlipa_url(), telemetry);
}

/// A caller's request within its trace.
fn traced(enterprise: &str, external_id: &str) -> Request<settlement_gateway::grpc::pb::InitiateSettlementRequest> {
    let mut request = Request::new(request(enterprise, external_id));
    request.metadata_mut().insert("traceparent", format!("00-{TRACE}-{SPAN}-01").parse().unwrap());
    request.metadata_mut().insert("x-request-id", format!("request-of-{external_id}").parse().unwrap());
    request
}

/// Waits for a span that is wanted.
async fn told(collector: &Collector, what: &str, wanted: impl Fn(&Told) -> bool) -> Told {
    until(what, async || collector.spans().into_iter().find(|span| wanted(span))).await
}

/// The lines of a log that speak of a settlement, but for those of another call.
fn lines_about(log: &str, external_id: &str) -> Vec<Value> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["external_id"] == external_id && line["method"] != "GetSettlement").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_follows_a_settlement_from_its_caller_to_the_venue() {
    let (installation, collector) = (Installation::new(), Collector::start().await);
    let sandbox = installation.with_venues().await;
    configured(&installation, &sandbox, &telemetry(&collector.url, ""));
    let gateway = installation.serve().await;
    gateway.client().initiate_settlement(traced(V2, "followed")).await.unwrap();
    let call = told(&collector, "the call is told", |span| span.name == INITIATE).await;
    assert_eq!((call.trace.as_str(), call.parent.as_str(), call.kind), (TRACE, SPAN, 2));
    assert_eq!((call.says("external_id"), call.says("enterprise"), call.says("code")), ("followed", V2, "OK"));
    let turn = told(&collector, "the turn is told", |span| span.name == "turn" && span.parent == call.span).await;
    assert_eq!(
        (turn.trace.as_str(), turn.says("external_id"), turn.says("request_id")),
        (TRACE, "followed", "request-of-followed")
    );
    let post = told(&collector, "the post is told", |span| span.name == "bitgo.post_settlement").await;
    let step = told(&collector, "the step is told", |span| span.span == post.parent).await;
    assert_eq!((post.trace.as_str(), post.kind, post.says("outcome"), post.says("status")), (TRACE, 3, "ok", "200"));
    assert_eq!((step.parent.as_str(), step.says("state")), (turn.span.as_str(), "SUBMITTING"));
    let unlinked = collector.spans().into_iter().filter(|span| span.trace == TRACE).all(|span| span.links.is_empty());
    assert!(unlinked, "what is a part of the trace needs no link to it");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_traced_settlement_becomes_at_the_venue_is_told_although_no_trace_is_recorded_unasked() {
    let (installation, collector) = (Installation::new(), Collector::start().await);
    let sandbox = installation.with_venues().await;
    configured(&installation, &sandbox, &telemetry(&collector.url, "traces_per_thousand = 0\n"));
    let gateway = installation.serve().await;
    gateway.client().initiate_settlement(traced(V2, "followed")).await.unwrap();
    assert_eq!(gateway.finished(V2, "followed").await.state(), SettlementState::Completed);
    let call = told(&collector, "the call is told", |span| span.name == INITIATE).await;
    let of_request = (TRACE.to_owned(), call.span.clone());
    let change = told(&collector, "a change is linked", |span| span.name == "change" && span.links.contains(&of_request)).await;
    assert_eq!((change.parent.as_str(), change.says("request_id")), ("", "request-of-followed"));
    assert!(collector.spans().iter().all(|span| span.name != "batch"), "a look that nobody asked for is in no trace");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_a_settlements_spans_link_to_the_request_that_it_came_from() {
    let (installation, collector) = (Installation::new(), Collector::start().await);
    let sandbox = installation.with_venues().await;
    configured(&installation, &sandbox, &telemetry(&collector.url, "log_format = \"json\"\n"));
    let gateway = installation.serve().await;
    // The venue takes the body and says nothing, and the first process never learns what it has.
    for (on, behaviour) in
        [(Endpoint::SettlementPost, Behaviour::AcceptThenCut), (Endpoint::SettlementList, Behaviour::DelayBefore { ms: 600_000 })]
    {
        sandbox.faults().push(Fault { on, times: 1, behaviour });
    }
    let mut impatient = traced(V1, "resumed");
    impatient.set_timeout(Duration::from_secs(2));
    let answer = gateway.client().initiate_settlement(impatient).await.unwrap().into_inner();
    assert_eq!(answer.settlement.unwrap().state(), SettlementState::OutcomeUnknown);
    faults_left(&sandbox, 0).await;
    let call = told(&collector, "the call is told", |span| span.name == INITIATE).await;
    assert_eq!((call.trace.as_str(), call.parent.as_str()), (TRACE, SPAN));
    let post = told(&collector, "the post is told", |span| span.name == "bitgo.post_settlement").await;
    assert_eq!((post.trace.as_str(), post.says("outcome")), (TRACE, "no_answer"));
    let first = gateway.process.kill().await;

    let gateway = installation.serve().await;
    assert_eq!(gateway.finished(V1, "resumed").await.state(), SettlementState::Completed);
    let of_request = (TRACE.to_owned(), call.span.clone());
    let turn = told(&collector, "a turn is linked", |span| span.name == "turn" && span.links.contains(&of_request)).await;
    assert_eq!((turn.parent.as_str(), turn.says("external_id")), ("", "resumed"));
    assert_ne!(turn.trace, TRACE, "a trace that may have ended days before is linked, and not gone on with");
    let look =
        told(&collector, "the look is told", |span| span.name == "bitgo.list_settlements" && span.trace == turn.trace).await;
    assert_eq!(look.says("outcome"), "ok");
    gateway.process.signal("TERM");
    let second = gateway.process.ended().await.with_code(0);
    let asked = |span: &Told| !span.name.ends_with("/GetSettlement");
    println!("{}", drawn(&collector.spans().into_iter().filter(asked).collect::<Vec<_>>()).join("\n"));

    for (life, log) in [("first", first.complained), ("second", second.complained)] {
        let lines = lines_about(&log, "resumed");
        assert!(lines.iter().any(|line| line["message"] == "a settlement changed"), "{life}: {log}");
        for line in &lines {
            let ids = ["request_id", "trace_id", "caller", "enterprise"].map(|name| line[name].as_str().unwrap_or_default());
            assert_eq!(ids, ["request-of-resumed", TRACE, "loopback", V1], "{life}: {line}");
            assert!(line["settlement"].as_str().is_some_and(|id| id.len() == 36) || line["level"] == "WARN", "{life}: {line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_a_trades_spans_link_to_the_request_that_it_came_from() {
    let (installation, collector) = (Installation::new(), Collector::start().await);
    let sandbox = installation.with_venues().await;
    configured(&installation, &sandbox, &telemetry(&collector.url, "traces_per_thousand = 0\n"));
    let gateway = installation.serve().await;
    sandbox.faults().push(Fault { on: Endpoint::TradePayload, times: 1, behaviour: Behaviour::DelayBefore { ms: 600_000 } });
    let mut impatient = Request::new(creation("0198c0a6-8c3e-7d5a-9b1f-000000000001"));
    impatient.metadata_mut().insert("traceparent", format!("00-{TRACE}-{SPAN}-01").parse().unwrap());
    impatient.set_timeout(Duration::from_secs(2));
    let mut client = TradeSettlementServiceClient::new(channel(gateway.grpc));
    client.create_trade_settlement(impatient).await.unwrap();
    faults_left(&sandbox, 0).await;
    let call = told(&collector, "the call is told", |span| span.parent == SPAN).await;
    gateway.process.kill().await;

    let _gateway = installation.serve().await;
    let create = told(&collector, "the trade is created", |span| span.name == "bitgo.create_trade_settlement").await;
    let errand = told(&collector, "the errand is told", |span| span.name == "errand" && span.trace == create.trace).await;
    assert_eq!((errand.says("kind"), errand.says("trace_id")), ("TRADE", TRACE));
    assert_eq!((errand.parent.as_str(), errand.links.as_slice()), ("", [(TRACE.to_owned(), call.span)].as_slice()));
}

/// A gateway whose traces go nowhere settles as any other, counts what it let go, and stops in time.
async fn settles_without_its_collector(endpoint: &str, more: &str, why: &str) {
    let installation = Installation::new();
    let sandbox = installation.with_venues().await;
    configured(&installation, &sandbox, &telemetry(endpoint, more));
    let gateway = installation.serve().await;
    for number in 0..3 {
        let external_id = format!("untold-{number}");
        gateway.initiate(V1, &external_id).await.unwrap();
        assert_eq!(gateway.finished(V1, &external_id).await.state(), SettlementState::Completed);
    }
    let dropped = format!("settlement_gateway_spans_dropped_total{{why=\"{why}\"}}");
    until("what was let go is counted", async || gateway.ops("/metrics").await.contains(&dropped).then_some(())).await;
    assert!(gateway.ops("/metrics").await.contains("settlement_gateway_spans_exported_total 0"), "nobody took any");
    gateway.process.signal("TERM");
    gateway.process.ended().await.with_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_down_costs_a_count() {
    settles_without_its_collector(&dead().await, "traces_timeout_ms = 200\n", "export_failed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_never_answers_costs_a_count_and_no_memory() {
    let (endpoint, _listener) = silent().await;
    settles_without_its_collector(&endpoint, "traces_timeout_ms = 200\n", "export_failed").await;
    settles_without_its_collector(&endpoint, "traces_max_queued = 16\ntraces_timeout_ms = 60000\n", "queue_full").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_venue_learns_nothing_of_our_traces_and_requests() {
    let (installation, collector) = (Installation::new(), Collector::start().await);
    let mut venue = Server::start(vec![Reply::json(400, "{\"error\":\"no\"}")]).await;
    installation.configure(&venue.url, &venue.url, &telemetry(&collector.url, ""));
    let gateway = installation.serve().await;
    gateway.client().initiate_settlement(traced(V1, "unseen")).await.unwrap_err();
    let seen = venue.next().await;
    assert!(seen.line().contains("settlements-signing"), "{seen:?}");
    for name in ["traceparent", "tracestate", "x-request-id", "baggage"] {
        assert_eq!(seen.header(name), None, "{seen:?}");
    }
    told(&collector, "the venue's call is told all the same", |span| span.name == "bitgo.signing_payload").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_caller_does_not_record_is_not_recorded_and_probes_are_in_no_trace() {
    let (installation, collector) = (Installation::new(), Collector::start().await);
    let sandbox = installation.with_venues().await;
    configured(&installation, &sandbox, &telemetry(&collector.url, "traces_per_thousand = 0\n"));
    let gateway = installation.serve().await;
    gateway.client().initiate_settlement(request(V1, "unsampled")).await.unwrap();
    let mut unsampled = Request::new(request(V1, "unsampled-too"));
    unsampled.metadata_mut().insert("traceparent", format!("00-{TRACE}-{SPAN}-00").parse().unwrap());
    gateway.client().initiate_settlement(unsampled).await.unwrap();
    healthy(&gateway).await;
    gateway.client().initiate_settlement(traced(V1, "sampled")).await.unwrap();
    told(&collector, "the sampled call is told", |span| span.says("external_id") == "sampled").await;
    gateway.process.signal("TERM");
    gateway.process.ended().await.with_code(0);
    let others: Vec<_> = collector.spans().into_iter().filter(|span| span.trace != TRACE && span.links.is_empty()).collect();
    assert!(others.is_empty(), "{others:?}");
    assert!(!collector.everything().contains("unsampled"));
}

async fn healthy(gateway: &Gateway) {
    let channel = super::calls::channel(gateway.grpc);
    let mut health = tonic_health::pb::health_client::HealthClient::new(channel);
    health.check(tonic_health::pb::HealthCheckRequest::default()).await.unwrap();
}
