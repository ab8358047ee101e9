//! What somebody who looks through the window sees: public data only.

use jiff::Timestamp;

use crate::custody::{Key, KeySource};
use crate::domain::anchor::Adrift;
use crate::domain::ids::KeyId;
use crate::domain::settlement::Settlement;
use crate::domain::signing::{PublicKey, Purpose};
use crate::upstream::Seen;

/// What there is to see at one moment.
#[derive(Debug, Clone)]
pub struct Sight {
    /// When it was seen.
    pub at: Timestamp,
    /// Why nothing is signed or sent, where the journal may have forgotten signatures.
    pub adrift: Option<Adrift>,
    /// What is open and what is newest, newest first.
    pub settlements: Vec<Settlement>,
    /// Whether there is more that is open than is shown.
    pub is_cut: bool,
    /// What was last seen of each venue.
    pub venues: Vec<SeenVenue>,
    /// The keys.
    pub keys: Vec<SeenKey>,
    /// What callers were refused of late, newest first.
    pub refusals: Vec<SeenRefusal>,
}

/// A venue under one credential.
#[derive(Debug, Clone)]
pub struct SeenVenue {
    /// The enterprise's id, or the venue's name.
    pub name: String,
    /// What was last seen of it.
    pub seen: Seen,
}

/// A key's public side.
#[derive(Debug, Clone)]
pub struct SeenKey {
    /// Its name.
    pub id: KeyId,
    /// Its public half.
    pub public_key: PublicKey,
    /// Where it came from.
    pub source: KeySource,
    /// What it may sign.
    pub purposes: Vec<Purpose>,
    /// Whether it may sign at all.
    pub is_enabled: bool,
}

impl SeenKey {
    pub(super) fn of(key: &Key) -> Self {
        Self {
            id: key.id().clone(),
            public_key: key.public_key(),
            source: key.source(),
            purposes: key.purposes().iter().copied().collect(),
            is_enabled: key.is_enabled(),
        }
    }
}

/// A refusal, as the audit chain has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenRefusal {
    /// When, as it was recorded.
    pub at: String,
    /// Who was refused, what and why: JSON, as it was recorded.
    pub content: String,
}
