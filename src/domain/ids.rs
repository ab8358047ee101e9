//! Names that callers, venues and operators give to things, bounded and typed.
//!
//! An id is opaque text: it is compared byte for byte and never parsed. Each
//! type bounds its length and refuses control characters, so that an id can be
//! logged, put into a URL (percent-encoded) and stored without further thought.

use std::fmt;

use thiserror::Error;

/// Why a text is no valid name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TextError {
    /// The text is empty.
    #[error("must not be empty")]
    Empty,
    /// The text has more bytes than the type allows.
    #[error("must be at most {max_bytes} bytes long")]
    TooLong {
        /// The most bytes that the type allows.
        max_bytes: usize,
    },
    /// The text holds a character that the type refuses.
    #[error("must not contain control characters or surrounding white space")]
    Forbidden,
}

fn check(text: &str, max_bytes: usize) -> Result<(), TextError> {
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    if text.len() > max_bytes {
        return Err(TextError::TooLong { max_bytes });
    }
    if text.chars().any(char::is_control) || text.trim() != text {
        return Err(TextError::Forbidden);
    }
    Ok(())
}

macro_rules! bounded_text {
    ($($(#[$meta:meta])* $name:ident, $max:literal;)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The most bytes that this type allows.
            pub const MAX_BYTES: usize = $max;

            /// Takes a text that keeps this type's limits.
            ///
            /// # Errors
            /// [`TextError`] when the text is empty, too long or holds control characters.
            pub fn new(text: impl Into<String>) -> Result<Self, TextError> {
                let text = text.into();
                check(&text, $max)?;
                Ok(Self(text))
            }

            /// The text as it was given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = TextError;
            fn from_str(text: &str) -> Result<Self, TextError> {
                Self::new(text)
            }
        }
    )+};
}

bounded_text! {
    /// A BitGo enterprise: the owner of a venue credential and of settlements.
    EnterpriseId, 128;
    /// The caller's own name for a settlement; unique per enterprise for ever (seed 002).
    ExternalId, 256;
    /// The venue's name for a settlement: a UUID, or 32 hexadecimal digits in older records.
    SettlementId, 128;
    /// A connection between a partner and a client account at the venue.
    ConnectionId, 128;
    /// A currency as the venue spells it, such as `BTC` or `ofctusd`; case matters.
    Currency, 64;
    /// A signing key, as the configuration names it.
    KeyId, 128;
    /// Who calls this gateway, as the configuration names them.
    CallerId, 128;
    /// Bitlipa's name for a merchant (seed 004).
    MerchantId, 128;
    /// Bitlipa's name for a quote (seed 004).
    TxId, 128;
    /// The caller's own name for a quote's payout; one payout of a merchant has it (seed 004).
    ExternalTxId, 128;
    /// A name that a caller gives to a request so that a repeat is recognised.
    RequestId, 128;
    /// BitGo's name for a trading account: 32 hexadecimal digits, or a UUID.
    TradingAccountId, 128;
    /// BitGo's name for one account's part in a trade settlement.
    AffirmationId, 128;
    /// A trade's id: a UUID of the caller's or of the venue's.
    TradeId, 128;
    /// Text that a settlement's nonce is made of (seed 000: any text of at least one character).
    Nonce, 256;
}

/// Free text about a settlement, shown by the venue to both sides; new lines are allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notes(String);

impl Notes {
    /// The most bytes that notes may have.
    pub const MAX_BYTES: usize = 1024;

    /// Takes notes that keep the limits.
    ///
    /// # Errors
    /// [`TextError`] when the text is empty, too long or holds control characters other than a new line or tab.
    pub fn new(text: impl Into<String>) -> Result<Self, TextError> {
        let text = text.into();
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(TextError::TooLong { max_bytes: Self::MAX_BYTES });
        }
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            return Err(TextError::Forbidden);
        }
        Ok(Self(text))
    }

    /// The text as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether two ids of a venue are one: they are UUIDs, which it writes with and without hyphens.
#[must_use]
pub fn same_id(one: &str, other: &str) -> bool {
    plain_id(one) == plain_id(other)
}

/// An id of a venue without what it may write otherwise.
#[must_use]
pub fn plain_id(id: &str) -> String {
    id.replace('-', "").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_kept_byte_for_byte() {
        assert_eq!(ExternalId::new("2026-03-18/é").unwrap().as_str(), "2026-03-18/é");
    }

    #[test]
    fn empty_long_and_unprintable_ids_are_refused() {
        assert_eq!(ExternalId::new(""), Err(TextError::Empty));
        assert_eq!(ExternalId::new("x".repeat(257)), Err(TextError::TooLong { max_bytes: 256 }));
        assert_eq!(ExternalId::new("a\nb"), Err(TextError::Forbidden));
        assert_eq!(ExternalId::new(" a"), Err(TextError::Forbidden));
    }

    #[test]
    fn notes_may_hold_lines_and_nothing_stranger() {
        assert!(Notes::new("two\nlines").is_ok());
        assert_eq!(Notes::new("bell\u{7}"), Err(TextError::Forbidden));
    }
}
