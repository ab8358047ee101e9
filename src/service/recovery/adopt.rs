//! Adopting what the venue has before an enterprise's first settlement by this gateway.

use jiff::Timestamp;

use super::{Listed, Recovery, RecoveryError};
use crate::domain::settlement::AdoptedBy;

impl Recovery {
    /// Takes the external ids that the venue has already, for ever, and counts their cutoffs. Without an instant, all that there
    /// are.
    ///
    /// # Errors
    /// [`RecoveryError`]; what was adopted before stays adopted.
    pub async fn adopt(&self, since: Option<Timestamp>) -> Result<Vec<Listed>, RecoveryError> {
        self.diagnose().await?.verdict.map_err(RecoveryError::Adrift)?;
        self.adopt_since(since, AdoptedBy::Adopt).await
    }
}
