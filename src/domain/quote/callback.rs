//! The unguessable part of a callback's URL: Bitlipa signs nothing, so the URL is all that tells its calls from anybody's.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::domain::time::{Entropy, EntropyError};

/// How many unpredictable bytes a token is made of.
const TOKEN_BYTES: usize = 32;

/// A callback's token: lower-case hex of 32 unpredictable bytes. Only its hash is kept, and neither is ever printed.
#[derive(Clone, PartialEq, Eq)]
pub struct CallbackToken(String);

impl CallbackToken {
    /// Draws a token.
    ///
    /// # Errors
    /// [`EntropyError`] when there is no randomness.
    pub fn draw(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = [0; TOKEN_BYTES];
        entropy.fill(&mut bytes)?;
        Ok(Self(base16ct::lower::encode_string(&bytes)))
    }

    /// Reads what stands in a URL; `None` for what [`CallbackToken::draw`] cannot have made.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (text.len() == 2 * TOKEN_BYTES && is_hex).then(|| Self(text.to_owned()))
    }

    /// What the journal keeps: SHA-256 of the token's text.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// The URL that ends in the token.
    #[must_use]
    pub fn url(&self, base: &str) -> String {
        format!("{}/{}", base.trim_end_matches('/'), self.0)
    }
}

impl fmt::Debug for CallbackToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[callback token]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sevens;

    impl Entropy for Sevens {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            bytes.fill(7);
            Ok(())
        }
    }

    #[test]
    fn a_token_is_64_digits_at_the_end_of_the_url_and_is_not_printed() {
        let token = CallbackToken::draw(&Sevens).unwrap();
        let url = token.url("https://gateway.example/bitlipa/");
        assert_eq!(url, format!("https://gateway.example/bitlipa/{}", "07".repeat(32)));
        assert_eq!(format!("{token:?}"), "[callback token]");
    }

    #[test]
    fn what_is_read_from_a_url_has_the_same_hash_and_nothing_else_is_read() {
        let token = CallbackToken::draw(&Sevens).unwrap();
        assert_eq!(CallbackToken::read(&"07".repeat(32)).unwrap().hash(), token.hash());
        for other in ["", "07", &"07".repeat(33), &"0G".repeat(32), &"0A".repeat(32)] {
            assert_eq!(CallbackToken::read(other), None, "{other}");
        }
    }
}
