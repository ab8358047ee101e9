//! The one place where an error's cause is written down: the log, and never the status.

use tonic::Code;
use tracing::{error, warn};

use super::about::About;
use super::rows::Row;
use crate::causes::with_causes;
use crate::grpc::pb::ErrorReason;
use crate::service::ServiceError;

/// Writes down an error that an operator should know of. What callers do wrong is theirs to know.
pub(super) fn report(row: Row, cause: &ServiceError, about: &About) {
    let (rpc, reason) = (about.rpc(), row.reason.reason());
    let external_id = about.external_id().unwrap_or_default();
    if row.code == Code::Internal || row.reason == ErrorReason::PayloadMismatch {
        error!(rpc, reason, external_id, cause = with_causes(cause), "a call failed");
    } else if row.code == Code::Unavailable || concerns_operator(row.reason) {
        warn!(rpc, reason, external_id, cause = with_causes(cause), "a call failed");
    }
}

/// What callers cannot repair and the operator can.
fn concerns_operator(reason: ErrorReason) -> bool {
    matches!(
        reason,
        ErrorReason::VenueCredentials
            | ErrorReason::VenueForbidden
            | ErrorReason::DisputesEnabledUseV2
            | ErrorReason::VenueConflict
            | ErrorReason::RouteMismatch
            | ErrorReason::SigningReferenceTaken
    )
}
