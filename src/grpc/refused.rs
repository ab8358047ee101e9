//! What a call that moves money, or asks for a signature, wanted: for the record of its refusal.

use std::future::Future;
use std::sync::OnceLock;

use tonic::Status;

use super::pb::ErrorReason;
use crate::domain::audit::Refusal;
use crate::domain::signing::PayloadDigest;
use crate::service::{Caller, Refusals};

/// The most characters of a name that are recorded: every valid one, and enough of any other.
const MAX_NAME_CHARS: usize = 256;

/// What a call wants, as its request says it: nothing of it was looked at yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    name: Option<String>,
    key_id: Option<String>,
    payload_digest: Option<PayloadDigest>,
}

impl Wanted {
    /// Something that the caller names.
    pub(super) fn named(name: &str) -> Self {
        Self { name: bounded(name), ..Self::default() }
    }

    /// A signature.
    pub(super) fn signature(key_id: &str, payload: &str) -> Self {
        Self { key_id: bounded(key_id), payload_digest: Some(PayloadDigest::of(payload)), ..Self::default() }
    }
}

fn bounded(text: &str) -> Option<String> {
    let name: String = text.chars().take(MAX_NAME_CHARS).collect();
    (!name.is_empty()).then_some(name)
}

/// Why a call was refused, once it was.
#[derive(Debug, Default)]
pub(super) struct Refused(OnceLock<ErrorReason>);

impl Refused {
    /// Notes the reason; the first one counts.
    pub(super) fn because(&self, reason: ErrorReason) {
        let _ = self.0.set(reason);
    }

    /// Handles a call and has its refusal recorded before it is answered.
    pub(super) async fn recorded<T>(
        &self,
        refusals: &Refusals,
        caller: &Caller,
        wanted: Wanted,
        handling: impl Future<Output = Result<T, Status>>,
    ) -> Result<T, Status> {
        let answer = handling.await;
        if let (Err(_), Some(reason)) = (&answer, self.0.get()) {
            let Wanted { name, key_id, payload_digest } = wanted;
            let refusal = Refusal {
                caller: caller.grants.caller.clone(),
                rpc: caller.rpc.as_str().to_owned(),
                reason: reason.reason().to_owned(),
                name,
                key_id,
                payload_digest,
                at: refusals.now(),
            };
            refusals.note(refusal).await;
        }
        answer
    }
}
