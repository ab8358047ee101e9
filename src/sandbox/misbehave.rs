//! How each behaviour of a fault turns a right answer into a wrong one.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::{CONTENT_TYPE, DATE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::bitgo::trade;
use super::exchange::Answer;
use super::faults::{Behaviour, Body, Endpoint, RetryAfter, Tamper};
use super::tamper::tampered;

/// A proxy's page.
const HTML: &str = "<html><head><title>503</title></head><body><h1>Service temporarily unavailable</h1></body></html>";

/// How much an enormous body holds.
const ENORMOUS_BYTES: usize = 100 * 1024 * 1024;

/// What a behaviour needs to know of the request that meets it.
pub(crate) struct Scene {
    /// Which call it is.
    pub(crate) call: Endpoint,
    /// When it came.
    pub(crate) now_ms: i64,
    /// The caller's credential, as it stood in the header.
    pub(crate) authorization: String,
    /// Ends every delay.
    pub(crate) stop: CancellationToken,
    /// What goes on after its answer.
    pub(crate) tasks: TaskTracker,
}

/// Lets a request meet a behaviour. `None` means that the connection is cut.
pub(crate) async fn meet<R>(behaviour: Behaviour, run: R, scene: Scene) -> Option<Answer>
where
    R: Future<Output = Response> + Send + 'static,
{
    match behaviour {
        Behaviour::DelayBefore { ms } => {
            scene.pause(ms).await?;
            Some(Answer::collect(run.await).await)
        }
        Behaviour::DelayAfter { ms } => {
            let answer = Answer::collect(run.await).await;
            scene.pause(ms).await?;
            Some(answer)
        }
        Behaviour::AcceptThenCut => {
            run.await;
            None
        }
        Behaviour::CutBefore => None,
        Behaviour::Status { status, body, effect } => {
            let right = if effect { Some(Answer::collect(run.await).await) } else { None };
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Some(wrong_status(status, body, right, &scene.authorization))
        }
        Behaviour::TooManyRequests { retry_after } => Some(too_many(retry_after, &scene)),
        Behaviour::TamperPayload { tamper } => Some(edited(run, |value| tamper_payload(value, tamper)).await),
        Behaviour::AnotherSettlement => Some(edited(run, rename_settlement).await),
        Behaviour::GatewayTimeout { effect_after_ms } => {
            scene.tasks.clone().spawn(async move {
                if scene.pause(effect_after_ms).await.is_some() {
                    run.await;
                }
            });
            Some(plain(StatusCode::SERVICE_UNAVAILABLE, "text/html; charset=utf-8", HTML.to_owned()))
        }
        Behaviour::DateSkew { seconds } => {
            let mut answer = Answer::collect(run.await).await;
            let date = http_date(scene.now_ms.saturating_add(seconds.saturating_mul(1000)));
            if let Some(value) = date.and_then(|text| HeaderValue::from_str(&text).ok()) {
                answer.headers.insert(DATE, value);
            }
            Some(answer)
        }
        Behaviour::SampleNulls => Some(edited(run, fill_with_nulls).await),
        Behaviour::Flawed { .. } => Some(Answer::collect(run.await).await),
        Behaviour::AlteredQuote { members } => {
            let mut answer = Answer::collect(run.await).await;
            let body = std::str::from_utf8(&answer.body).ok().and_then(|body| altered(body, &members));
            answer.body = body.map_or(answer.body, Bytes::from);
            Some(answer)
        }
        Behaviour::Oversize { bytes } => {
            run.await;
            Some(plain(StatusCode::OK, "application/json", " ".repeat(bytes)))
        }
    }
}

impl Scene {
    /// Waits, or answers `None` where the sandbox stops meanwhile.
    async fn pause(&self, ms: u64) -> Option<()> {
        tokio::time::timeout(Duration::from_millis(ms), self.stop.cancelled()).await.err().map(|_elapsed| ())
    }
}

async fn edited(run: impl Future<Output = Response>, edit: impl FnOnce(&mut Value)) -> Answer {
    let mut answer = Answer::collect(run.await).await;
    edit_json(&mut answer, edit);
    answer
}

fn tamper_payload(value: &mut Value, kind: Tamper) {
    let payload = value
        .get("payload")
        .and_then(Value::as_str)
        .and_then(|text| tampered(text, kind).or_else(|| trade::tampered(text, kind)));
    if let (Some(payload), Some(place)) = (payload, value.get_mut("payload")) {
        *place = Value::from(payload);
    }
}

fn wrong_status(status: StatusCode, body: Body, right: Option<Answer>, authorization: &str) -> Answer {
    let json = |value: Value| plain(status, "application/json", value.to_string());
    let error = "the sandbox was told to answer so";
    match body {
        Body::Nothing => Answer { status, headers: HeaderMap::new(), body: Bytes::new() },
        Body::EmptyObject => json(json!({})),
        Body::Error => json(json!({ "error": error })),
        Body::ErrorName => json(json!({ "error": error, "errorName": "SandboxFault", "reqId": "sandbox-fault" })),
        Body::NameRequestId => json(json!({ "error": error, "name": "SandboxFault", "requestId": "sandbox-fault" })),
        Body::Bitlipa => json(bitlipa_error(status)),
        Body::EmptyList => json(json!({ "settlements": [] })),
        Body::Html => plain(status, "text/html; charset=utf-8", HTML.to_owned()),
        Body::Truncated => {
            let whole = right.map_or_else(|| Bytes::from_static(b"{\"error\":\"the sandbox"), |answer| answer.body);
            let half = whole.slice(..whole.len() / 2);
            Answer { status, headers: content_type("application/json"), body: half }
        }
        Body::WrongContentType => {
            let body = right.map_or_else(|| Bytes::from(json!({ "error": error }).to_string()), |answer| answer.body);
            Answer { status, headers: content_type("text/plain"), body }
        }
        Body::Settlement => {
            let mut answer = right.unwrap_or_else(|| json(json!({ "error": error })));
            edit_json(&mut answer, mark_pending);
            Answer { status, ..answer }
        }
        Body::AnotherSettlement => {
            let mut answer = right.unwrap_or_else(|| json(json!({ "error": error })));
            edit_json(&mut answer, rename_settlement);
            Answer { status, ..answer }
        }
        Body::EchoedToken => json(json!({ "error": error, "request": { "headers": { "authorization": authorization } } })),
        Body::Enormous => Answer { status, headers: content_type("application/json"), body: enormous() },
    }
}

/// Made once, since many answers of one run may be so.
fn enormous() -> Bytes {
    static SPACES: OnceLock<Bytes> = OnceLock::new();
    SPACES.get_or_init(|| Bytes::from(vec![b' '; ENORMOUS_BYTES])).clone()
}

/// Null for each field that the samples show as null where it is absent.
fn fill_with_nulls(value: &mut Value) {
    let Some(fields) = value.as_object_mut() else { return };
    let objects = |value: &mut Value, nulls: &[&str]| {
        let entries = match value {
            Value::Array(entries) => entries.as_mut_slice(),
            other => std::slice::from_mut(other),
        };
        for entry in entries.iter_mut().filter_map(Value::as_object_mut) {
            for name in nulls {
                entry.entry(*name).or_insert(Value::Null);
            }
        }
    };
    for (name, value) in fields.iter_mut() {
        match name.as_str() {
            "settlement" | "settlements" => objects(value, &["notes", "reason", "finalizedAt", "rtId", "cutoffAt"]),
            "settlementTransfers" => objects(value, &["disputeClosureId", "sourceNetworkAccountId", "usdValue"]),
            "settlingDisputes" | "settlementDisputes" | "disputes" => {
                objects(
                    value,
                    &["reason", "retractedBy", "retractedAt", "retractedReason", "disputeClosureId", "disputeClosure"],
                );
            }
            _ => (),
        }
    }
}

/// A JSON object whose named members say something else; the others keep their digits. `None` where it is no object.
pub(crate) fn altered(body: &str, members: &BTreeMap<String, String>) -> Option<String> {
    let mut object: BTreeMap<String, Box<RawValue>> = serde_json::from_str(body).ok()?;
    for (name, text) in members {
        object.insert(name.clone(), RawValue::from_string(text.clone()).ok()?);
    }
    serde_json::to_string(&object).ok()
}

fn mark_pending(value: &mut Value) {
    if let Some(settlement) = value.get_mut("settlement").and_then(Value::as_object_mut) {
        settlement.insert("status".to_owned(), Value::from("pending"));
        settlement.insert("finalizedAt".to_owned(), Value::Null);
    }
}

/// The answer as if it were about another settlement, affirmation or quote.
fn rename_settlement(value: &mut Value) {
    trade::with_other_nonces(value);
    for (sign, name, another) in [("partyAccountId", "id", "00000000000040008000000000000000"), ("tx_id", "tx_id", "tx_another")]
    {
        if let Some(fields) = value.as_object_mut().filter(|fields| fields.contains_key(sign)) {
            fields.insert(name.to_owned(), Value::from(another));
        }
    }
    if let Some(settlement) = value.get_mut("settlement").and_then(Value::as_object_mut) {
        settlement.insert("externalId".to_owned(), Value::from("another-settlement"));
        settlement.insert("id".to_owned(), Value::from("00000000-0000-4000-8000-000000000000"));
    }
}

fn bitlipa_error(status: StatusCode) -> Value {
    let code = match status.as_u16() {
        401 => "unauthorized",
        404 => "not_found",
        409 => "already_confirmed",
        410 => "quote_expired",
        429 => "rate_limit_exceeded",
        400..=499 => "invalid_request",
        _ => "internal_error",
    };
    json!({ "error": { "code": code, "message": "the sandbox was told to answer so" }, "request_id": "req_sandbox_fault" })
}

fn too_many(retry_after: RetryAfter, scene: &Scene) -> Answer {
    let body = if scene.call.is_bitlipa() { Body::Bitlipa } else { Body::ErrorName };
    let mut answer = wrong_status(StatusCode::TOO_MANY_REQUESTS, body, None, "");
    let wait = match retry_after {
        RetryAfter::Absent => None,
        RetryAfter::Seconds(seconds) => Some(seconds.to_string()),
        RetryAfter::Date(seconds) => http_date(scene.now_ms + i64::from(seconds) * 1000),
    };
    if let Some(value) = wait.and_then(|text| HeaderValue::from_str(&text).ok()) {
        answer.headers.insert(RETRY_AFTER, value);
    }
    answer
}

fn http_date(at_ms: i64) -> Option<String> {
    let at = Timestamp::from_millisecond(at_ms).ok()?.to_zoned(TimeZone::UTC);
    Some(at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

fn edit_json(answer: &mut Answer, edit: impl FnOnce(&mut Value)) {
    if let Ok(mut value) = serde_json::from_slice::<Value>(&answer.body) {
        edit(&mut value);
        answer.body = Bytes::from(value.to_string());
    }
}

fn content_type(name: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(name))])
}

fn plain(status: StatusCode, name: &'static str, body: String) -> Answer {
    Answer { status, headers: content_type(name), body: Bytes::from(body) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_http_date_is_the_one_that_headers_use() {
        assert_eq!(http_date(784_111_777_000).unwrap(), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn an_altered_answer_keeps_the_digits_of_what_is_left() {
        let members = BTreeMap::from([("rate".to_owned(), "0.0070".to_owned()), ("new".to_owned(), "null".to_owned())]);
        assert_eq!(altered(r#"{"fee":2.50,"rate":1}"#, &members).unwrap(), r#"{"fee":2.50,"new":null,"rate":0.0070}"#);
        assert_eq!(altered("[]", &members), None);
    }

    #[test]
    fn an_incomplete_settlement_keeps_its_external_id() {
        let right = plain(StatusCode::OK, "application/json", r#"{"settlement":{"externalId":"x","status":"completed"}}"#.into());
        let answer = wrong_status(StatusCode::INTERNAL_SERVER_ERROR, Body::Settlement, Some(right), "");
        let value: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(value["settlement"]["externalId"], "x");
        assert_eq!(value["settlement"]["status"], "pending");
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    }
}
