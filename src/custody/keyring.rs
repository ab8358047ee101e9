//! The keys that this gateway signs with.

use std::collections::{BTreeMap, HashMap};

use thiserror::Error;

use super::key::Key;
use crate::domain::ids::KeyId;
use crate::domain::signing::PublicKey;

/// Why a set of keys is no keyring.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyringError {
    /// Two keys have one name.
    #[error("two keys are named {0}")]
    SameId(KeyId),
    /// Two names stand for one key: the journal would let it sign two payloads for one reference.
    #[error("{first} and {second} are the same key")]
    SameKey {
        /// The name that came first.
        first: KeyId,
        /// The other name.
        second: KeyId,
    },
}

/// All keys, by name and by public key.
#[derive(Debug, Clone, Default)]
pub struct Keyring {
    by_id: BTreeMap<KeyId, Key>,
    ids: HashMap<PublicKey, KeyId>,
}

impl Keyring {
    /// Takes the keys.
    ///
    /// # Errors
    /// [`KeyringError`] when two share a name or a public key.
    pub fn new(keys: impl IntoIterator<Item = Key>) -> Result<Self, KeyringError> {
        let mut ring = Self::default();
        for key in keys {
            ring.add(key)?;
        }
        Ok(ring)
    }

    fn add(&mut self, key: Key) -> Result<(), KeyringError> {
        let id = key.id().clone();
        if self.by_id.contains_key(&id) {
            return Err(KeyringError::SameId(id));
        }
        if let Some(first) = self.ids.insert(key.public_key(), id.clone()) {
            return Err(KeyringError::SameKey { first, second: id });
        }
        self.by_id.insert(id, key);
        Ok(())
    }

    /// The key of this name.
    #[must_use]
    pub fn get(&self, id: &KeyId) -> Option<&Key> {
        self.by_id.get(id)
    }

    /// The key with this public half.
    #[must_use]
    pub fn by_public_key(&self, public_key: &PublicKey) -> Option<&Key> {
        self.ids.get(public_key).and_then(|id| self.by_id.get(id))
    }

    /// The keys in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        self.by_id.values()
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }
}
