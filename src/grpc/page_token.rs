//! Page tokens: where the next page begins, for one request and no other.
//!
//! A token is a version, a position and a digest over both and over the
//! request's filter, in base64url: at most 44 characters. The digest is no
//! secret's: it keeps a token from another request, or a damaged one, from
//! being taken for this request's. What a caller may see never depends on it.

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};
use thiserror::Error;

const VERSION: u8 = 1;

/// The bytes of the digest that a token carries.
const DIGEST_BYTES: usize = 16;

/// The text is no token of this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be the next_page_token of an answer to the same request")]
pub struct PageTokenError;

/// Everything of a request that a token is bound to, part by part.
#[derive(Debug, Clone)]
pub struct Filter(Sha256);

impl Filter {
    /// The filter of an RPC's request.
    #[must_use]
    pub fn of(rpc: &str) -> Self {
        Self(Sha256::new()).text("page-token").text(rpc)
    }

    /// Adds a text. Parts carry their lengths, so that shifted parts never meet.
    #[must_use]
    pub fn text(mut self, part: &str) -> Self {
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part.as_bytes());
        self
    }

    /// Adds a list of texts.
    #[must_use]
    pub fn texts<'a>(self, parts: impl ExactSizeIterator<Item = &'a str>) -> Self {
        let counted = self.text(&parts.len().to_string());
        parts.fold(counted, Self::text)
    }

    /// The token of a position in the list that this filter selects.
    #[must_use]
    pub fn token<const N: usize>(&self, position: [u8; N]) -> String {
        let bytes = [&[VERSION], position.as_slice(), &self.digest(&position)].concat();
        Base64UrlUnpadded::encode_string(&bytes)
    }

    /// The position that a token of this filter names.
    ///
    /// # Errors
    /// [`PageTokenError`] for a token of another filter or version, and for whatever is none.
    pub fn position<const N: usize>(&self, token: &str) -> Result<[u8; N], PageTokenError> {
        let bytes = Base64UrlUnpadded::decode_vec(token).map_err(|_| PageTokenError)?;
        let (position, digest) =
            bytes.strip_prefix(&[VERSION]).and_then(|rest| rest.split_at_checked(N)).ok_or(PageTokenError)?;
        let position = position.try_into().map_err(|_| PageTokenError)?;
        if digest == self.digest(&position) { Ok(position) } else { Err(PageTokenError) }
    }

    fn digest<const N: usize>(&self, position: &[u8; N]) -> [u8; DIGEST_BYTES] {
        let whole: [u8; 32] = self.0.clone().chain_update([VERSION]).chain_update(position).finalize().into();
        let mut digest = [0; DIGEST_BYTES];
        digest.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
        digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filter(states: &[&str]) -> Filter {
        Filter::of("ListSettlements").text("e1").texts(states.iter().copied())
    }

    #[test]
    fn a_token_of_another_request_is_refused() {
        let token = filter(&["PENDING"]).token([7; 16]);
        assert_eq!(filter(&["PENDING"]).position(&token), Ok([7; 16]));
        for other in [filter(&[]), filter(&["PENDING", "PENDING"]), Filter::of("GetClientSettlement"), filter(&["PEND", "ING"])] {
            assert_eq!(other.position::<16>(&token), Err(PageTokenError));
        }
    }

    #[test]
    fn a_token_of_another_length_is_refused() {
        assert_eq!(filter(&[]).position::<16>(&filter(&[]).token([7; 4])), Err(PageTokenError));
        assert_eq!(filter(&[]).position::<4>(&filter(&[]).token([7; 16])), Err(PageTokenError));
    }

    #[test]
    fn one_changed_character_is_refused() {
        let token = filter(&[]).token([7; 4]);
        for place in 0..token.len() {
            let mut changed: Vec<u8> = token.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            assert!(filter(&[]).position::<4>(std::str::from_utf8(&changed).unwrap()).is_err(), "{place}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_every_position_comes_back(text in ".{0,80}", position: [u8; 16]) {
            prop_assert!(filter(&[]).position::<16>(&text).is_err());
            let token = filter(&[]).token(position);
            prop_assert!(token.len() <= 44);
            prop_assert_eq!(filter(&[]).position(&token), Ok(position));
        }
    }
}
