//! Every form of an error's body, under every status, to a post and to a read.

use settlement_gateway::domain::settlement::{DispatchAnswer, VenueError};
use settlement_gateway::upstream::VenueFailure;

use super::server::{Reply, Server};
use super::support::{bitgo, find, post};

const STATUSES: [u16; 13] = [300, 400, 401, 403, 404, 409, 410, 422, 429, 500, 502, 503, 511];

/// A body's form, what is read of it, and whether it can be the venue's.
struct Form {
    name: &'static str,
    content_type: &'static str,
    body: &'static str,
    /// Name, message, request id.
    read: [Option<&'static str>; 3],
    is_proven: bool,
}

const FORMS: [Form; 9] = [
    Form {
        name: "error",
        content_type: "application/json",
        body: r#"{"error":"bad"}"#,
        read: [None, Some("bad"), None],
        is_proven: true,
    },
    Form {
        name: "error, errorName, reqId",
        content_type: "application/json",
        body: r#"{"error":"bad","errorName":"Bad","reqId":"r"}"#,
        read: [Some("Bad"), Some("bad"), Some("r")],
        is_proven: true,
    },
    Form {
        name: "error, name, requestId",
        content_type: "application/json",
        body: r#"{"error":"bad","name":"Bad","requestId":"r"}"#,
        read: [Some("Bad"), Some("bad"), Some("r")],
        is_proven: true,
    },
    Form { name: "{}", content_type: "application/json", body: "{}", read: [None; 3], is_proven: true },
    Form {
        name: "JSON under another type",
        content_type: "text/html",
        body: r#"{"error":"bad"}"#,
        read: [None, Some("bad"), None],
        is_proven: true,
    },
    Form { name: "a page", content_type: "text/html", body: "<html>no</html>", read: [None; 3], is_proven: false },
    Form {
        name: "a page under JSON's type",
        content_type: "application/json",
        body: "<html>no</html>",
        read: [None; 3],
        is_proven: false,
    },
    Form { name: "nothing", content_type: "application/json", body: "", read: [None; 3], is_proven: false },
    Form { name: "half", content_type: "application/json", body: r#"{"error":"ba"#, read: [None; 3], is_proven: false },
];

fn told(error: &VenueError) -> [Option<&str>; 3] {
    [error.name.as_deref(), error.message.as_deref(), error.request_id.as_deref()]
}

#[tokio::test]
async fn every_form_is_read_for_what_it_says_under_every_status() {
    for form in &FORMS {
        let reply = |status: &u16| Reply::of(*status, &[("content-type", form.content_type)], form.body);
        let server = Server::start(STATUSES.iter().flat_map(|status| [reply(status), reply(status)]).collect()).await;
        let venue = bitgo(&server.url);
        for expected in STATUSES {
            let answer = post(&venue).await;
            let DispatchAnswer::Answered { status, settlement: None, error, is_proven, .. } = answer else {
                panic!("{expected} {}: {answer:?}", form.name)
            };
            assert_eq!((status, told(&error), is_proven), (expected, form.read, form.is_proven), "{expected} {}", form.name);
            let failure = find(&venue).await.unwrap_err();
            let VenueFailure::Refused { status, error, .. } = failure else { panic!("{expected} {}: {failure:?}", form.name) };
            assert_eq!((status, told(&error)), (expected, form.read), "{expected} {}", form.name);
        }
    }
}

#[tokio::test]
async fn a_hundred_mebibytes_are_refused_by_their_length_alone_whatever_the_status() {
    for status in [200, 400, 422, 500] {
        let head = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: 104857600\r\n\r\n").into_bytes();
        let endless = || Reply::Endless(head.clone(), vec![b' '; 0x10000]);
        let server = Server::start(vec![endless(), endless()]).await;
        let venue = bitgo(&server.url);
        assert!(matches!(post(&venue).await, DispatchAnswer::NoAnswer { .. }), "{status}");
        assert!(matches!(find(&venue).await, Err(VenueFailure::Unreadable { .. })), "{status}");
    }
}
