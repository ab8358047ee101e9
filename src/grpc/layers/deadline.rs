//! Ends every call in time, with the status that says so.
//!
//! tonic's own timer would answer CANCELLED, so it is never given `grpc-timeout`.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{Around, Next, Request, Response};
use crate::grpc::deadline::Deadline;
use crate::grpc::pb::ErrorReason;
use crate::grpc::refusal::refuse;

const GRPC_TIMEOUT: &str = "grpc-timeout";

/// Gives a call its caller's [`Deadline`] and answers for a handler that has not begun to answer by then.
pub(super) struct EndInTime {
    /// The longest that a call may take to begin its answer, whatever its caller says. It also ends a request
    /// whose body trickles in. A stream that has begun may go on.
    pub(super) longest: Duration,
}

/// The header is there and cannot be read: a deadline that was misread would be worse than a refusal.
struct Malformed;

impl EndInTime {
    /// When the call ends, and the caller's own deadline where it set one; never later than the cap.
    fn end_of(&self, request: &mut Request) -> Result<(Instant, Option<Deadline>), Malformed> {
        let now = Instant::now();
        let latest = now + self.longest;
        let Some(header) = request.headers_mut().remove(GRPC_TIMEOUT) else {
            return Ok((latest, None));
        };
        let text = header.to_str().map_err(|_| Malformed)?;
        let deadline = Deadline::parse(text, now).ok_or(Malformed)?.min(Deadline(latest));
        Ok((deadline.0, Some(deadline)))
    }
}

impl Around for EndInTime {
    async fn around(&self, mut request: Request, next: Next) -> Response {
        let path = request.uri().path().to_owned();
        let Ok((end, deadline)) = self.end_of(&mut request) else {
            return refuse(&path, ErrorReason::InvalidRequest).into_http();
        };
        if let Some(deadline) = deadline {
            request.extensions_mut().insert(deadline);
        }
        match timeout_at(end, next.run(request)).await {
            Ok(response) => response,
            Err(_) => refuse(&path, ErrorReason::DeadlineExceeded).into_http(),
        }
    }
}
