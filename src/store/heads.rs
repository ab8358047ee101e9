//! How far the journal has come with what is signed and sent, for the anchor outside the database.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::anchor::{Head, Link};
use crate::domain::audit::AuditEntry;

/// The journal's head.
#[async_trait]
pub trait HeadStore: Send + Sync {
    /// Reads how far the journal has come.
    async fn head(&self) -> Result<Head, StoreError>;

    /// Reads the link in a place; that before the first is [`Link::START`]. `None` where nothing has the place.
    async fn link_at(&self, sequence: u64) -> Result<Option<Link>, StoreError>;

    /// Begins an epoch, with its record where a repair begins it, unless the journal is no longer where `from` says. Whether it
    /// did.
    async fn begin_epoch(&self, from: &Head, epoch: u64, repair: Option<AuditEntry>) -> Result<bool, StoreError>;

    /// From now on no settlement is recorded, and nothing is reserved, signed or dispatched, through this store where the journal
    /// does not reach `floor`: each such transaction looks itself, and answers [`StoreError::Adrift`].
    fn hold_to(&self, floor: Head);
}
