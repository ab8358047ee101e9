//! Reading from a venue whose credential may have been renewed meanwhile.

use super::directory::Enterprise;
use super::error::{ServiceError, VenueCall};
use crate::upstream::{GoNetwork, VenueFailure};

/// Reads from the venue, once more when it refuses the credential and there is another by now.
pub(super) async fn renewing<T, F>(venue: &dyn GoNetwork, call: impl Fn() -> F + Send) -> Result<T, VenueFailure>
where
    F: Future<Output = Result<T, VenueFailure>> + Send,
{
    let answer = call().await;
    if matches!(answer, Err(VenueFailure::Refused { status: 401, .. })) && venue.reload_credential() {
        return call().await;
    }
    answer
}

/// Reads for a caller, through an enterprise's access.
pub(super) async fn read_at_venue<T, F>(enterprise: &Enterprise, call: impl Fn() -> F + Send) -> Result<T, ServiceError>
where
    F: Future<Output = Result<T, VenueFailure>> + Send,
{
    let answer = renewing(enterprise.venue.as_ref(), call).await;
    answer.map_err(|failure| ServiceError::Venue { call: VenueCall::Read, failure })
}
