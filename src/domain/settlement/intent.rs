//! What a caller asks for, and what is recorded of it.

use sha2::{Digest, Sha256};

use super::amounts::SettlementAmounts;
use crate::domain::ids::{CallerId, EnterpriseId, ExternalId, KeyId, Nonce, Notes};
use crate::domain::time::Cutoff;
use jiff::Timestamp;

/// Which of the venue's two settlement endpoints is used; pinned when the settlement is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// Synchronous, disputes off (seed 000).
    V1,
    /// Asynchronous, disputes on; needs a cutoff (seed 002).
    V2,
}

/// The unit that an enterprise agreed with the venue for its amounts; amounts are never rescaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountUnit {
    /// Full units, such as bitcoin.
    Full,
    /// Base units, such as satoshi.
    Base,
}

macro_rules! names {
    ($name:ident { $($variant:ident => $text:literal),+ $(,)? }) => {
        impl $name {
            /// The name that configuration and the journal use.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Reads the name that `as_str` writes.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use names;

names!(Route { V1 => "v1", V2 => "v2" });
names!(AmountUnit { Full => "full", Base => "base" });

/// A settlement as its caller asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Whose settlement.
    pub enterprise_id: EnterpriseId,
    /// The caller's name for it.
    pub external_id: ExternalId,
    /// The legs.
    pub amounts: SettlementAmounts,
    /// The newest trade's time; required on route v2, absent on v1.
    pub cutoff: Option<Cutoff>,
    /// Free text.
    pub notes: Option<Notes>,
    /// The caller's nonce; without one the gateway draws it.
    pub nonce: Option<Nonce>,
    /// The settlement that this one corrects.
    pub supersedes: Option<ExternalId>,
}

impl Asked {
    /// SHA-256 over the request's meaning: equal for requests that differ only in order and spelling.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut part = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        };
        part("settlement-request/1");
        part(self.enterprise_id.as_str());
        part(self.external_id.as_str());
        part(&self.cutoff.map(Cutoff::to_text).unwrap_or_default());
        part(self.notes.as_ref().map_or("", Notes::as_str));
        part(self.supersedes.as_ref().map_or("", ExternalId::as_str));
        for (key, amount) in self.amounts.meaning() {
            part(key.connection_id);
            part(key.counterparty_connection_id);
            part(key.currency);
            part(&amount);
        }
        hash.finalize().into()
    }
}

/// A settlement as it is recorded before anything else is done; it never changes afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// What was asked.
    pub asked: Asked,
    /// The nonce that is signed: the caller's, or the one that was drawn.
    pub nonce: Nonce,
    /// The endpoint that is used.
    pub route: Route,
    /// The unit of the amounts.
    pub amount_unit: AmountUnit,
    /// The key that signs.
    pub key_id: KeyId,
    /// Who asked.
    pub caller: CallerId,
    /// After this instant, what was never dispatched is never sent.
    pub submit_before: Option<Timestamp>,
}

/// The digest by which a stored body is known to be the one that was signed for: nothing else is ever sent.
#[must_use]
pub fn body_digest(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}
