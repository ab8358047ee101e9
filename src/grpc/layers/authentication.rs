//! Lets known callers through, with their grants, and nobody else.

use http::header::AUTHORIZATION;
use metrics::counter;

use super::observe::SeenCaller;
use super::{Around, Next, Request, Response, is_open};
use crate::grpc::caller::CallerDirectory;
use crate::grpc::listener::PeerInfo;
use crate::grpc::pb::ErrorReason;
use crate::grpc::refusal::refuse;

const BEARER: &[u8] = b"bearer ";

/// Puts the caller's `Arc<Grants>` into the request's extensions, or refuses before any handler.
///
/// The authorization header goes no further in either case.
pub(super) struct RequireCaller {
    pub(super) directory: CallerDirectory,
}

impl Around for RequireCaller {
    async fn around(&self, mut request: Request, next: Next) -> Response {
        let proof = Authorization::take(&mut request);
        if is_open(request.uri().path()) {
            return next.run(request).await;
        }
        let certificate = request.extensions().get::<PeerInfo>().and_then(|peer| peer.certificate.clone());
        let grants = match &proof {
            Authorization::Unreadable => None,
            Authorization::Absent => self.directory.recognise(None, certificate.as_deref()),
            Authorization::Bearer(token) => self.directory.recognise(Some(token), certificate.as_deref()),
        };
        let Some(grants) = grants else {
            counter!("settlement_gateway_callers_refused_total").increment(1);
            return refuse(request.uri().path(), ErrorReason::CallerUnknown).into_http();
        };
        if let Some(seen) = request.extensions().get::<SeenCaller>() {
            seen.is(grants.caller.clone());
        }
        request.extensions_mut().insert(grants);
        next.run(request).await
    }
}

/// What the authorization header holds.
enum Authorization {
    Absent,
    Bearer(zeroize::Zeroizing<Vec<u8>>),
    /// Another scheme, no token, or the header twice: a proof that cannot be judged is no proof.
    Unreadable,
}

impl Authorization {
    fn take(request: &mut Request) -> Self {
        let mut values = request.headers().get_all(AUTHORIZATION).iter();
        let taken = match (values.next(), values.next()) {
            (None, _) => Self::Absent,
            (Some(value), None) => Self::read(value.as_bytes()),
            (Some(_), Some(_)) => Self::Unreadable,
        };
        request.headers_mut().remove(AUTHORIZATION);
        taken
    }

    fn read(value: &[u8]) -> Self {
        match value.split_at_checked(BEARER.len()) {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case(BEARER) && !token.is_empty() => {
                Self::Bearer(token.to_vec().into())
            }
            _ => Self::Unreadable,
        }
    }
}
