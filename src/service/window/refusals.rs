//! The newest refusals, read out of the audit chain from where it was last read.

use std::collections::VecDeque;

use super::SeenRefusal;
use crate::domain::audit::{AuditKind, ChainLink};
use crate::store::{Store, StoreError};

/// How many refusals are kept.
const MAX_REFUSALS: usize = 50;
/// How far back the chain is read, and how much of it at once.
const MAX_RECORDS: u32 = 500;

/// The newest refusals, and how far the chain was read for them.
#[derive(Default)]
pub(super) struct Refused {
    read_to: u64,
    /// The newest first.
    found: VecDeque<SeenRefusal>,
}

impl Refused {
    /// Reads what was chained since; what is further back than one reading is passed over.
    pub(super) async fn read_on(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let end = store.audit_head().await?.position;
        let after = self.read_to.max(end.saturating_sub(u64::from(MAX_RECORDS)));
        if after >= end {
            return Ok(());
        }
        for link in store.audit_chain(after, MAX_RECORDS).await? {
            let position = match link {
                ChainLink::Record(chained) => {
                    if chained.record.kind == AuditKind::Refusal.as_str() {
                        self.found.push_front(SeenRefusal { at: chained.record.at, content: chained.record.content });
                    }
                    chained.position
                }
                ChainLink::Unreadable { position } => position,
            };
            self.read_to = self.read_to.max(position);
        }
        self.found.truncate(MAX_REFUSALS);
        Ok(())
    }

    /// What was found, newest first.
    pub(super) fn newest(&self) -> Vec<SeenRefusal> {
        self.found.iter().cloned().collect()
    }
}
