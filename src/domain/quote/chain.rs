//! Chains (CAIP-2) and wallet addresses on them.

use std::fmt;

use sha3::{Digest, Keccak256};
use thiserror::Error;

/// A blockchain by its CAIP-2 name, such as `eip155:137`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chain(String);

/// Why a text is no CAIP-2 name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be a CAIP-2 name such as eip155:137")]
pub struct ChainError;

impl Chain {
    /// Reads a CAIP-2 name: a namespace of 3 to 8 and a reference of 1 to 32 characters.
    ///
    /// # Errors
    /// [`ChainError`] for anything else.
    pub fn new(text: &str) -> Result<Self, ChainError> {
        let (namespace, reference) = text.split_once(':').ok_or(ChainError)?;
        let lower = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let any = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let good = (3..=8).contains(&namespace.len())
            && namespace.bytes().all(lower)
            && (1..=32).contains(&reference.len())
            && reference.bytes().all(any);
        if good { Ok(Self(text.to_owned())) } else { Err(ChainError) }
    }

    /// The name as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether addresses on this chain are Ethereum's.
    #[must_use]
    pub fn is_evm(&self) -> bool {
        self.0.starts_with("eip155:")
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A payout address, kept as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletAddress(String);

/// Why a text is no wallet address on a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WalletError {
    /// Not `0x` and 40 hexadecimal digits.
    #[error("must be 0x and 40 hexadecimal digits on this chain")]
    NotAnAddress,
    /// Mixed case that does not satisfy EIP-55: most likely a typing error.
    #[error("has a wrong EIP-55 checksum")]
    WrongChecksum,
    /// The address of nobody.
    #[error("must not be the zero address")]
    Zero,
    /// Addresses on this chain cannot be checked, so none is taken.
    #[error("cannot be checked on this chain")]
    UnknownChain,
}

impl WalletAddress {
    /// Reads an address for a chain.
    ///
    /// # Errors
    /// [`WalletError`] when the address cannot be one there.
    pub fn new(text: &str, chain: &Chain) -> Result<Self, WalletError> {
        if !chain.is_evm() {
            return Err(WalletError::UnknownChain);
        }
        let digits = text.strip_prefix("0x").ok_or(WalletError::NotAnAddress)?;
        if digits.len() != 40 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(WalletError::NotAnAddress);
        }
        if digits.bytes().all(|b| b == b'0') {
            return Err(WalletError::Zero);
        }
        let mixed = digits.bytes().any(|b| b.is_ascii_uppercase()) && digits.bytes().any(|b| b.is_ascii_lowercase());
        if mixed && checksummed(digits) != digits {
            return Err(WalletError::WrongChecksum);
        }
        Ok(Self(text.to_owned()))
    }

    /// The address as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether two addresses are the same account, whatever their case.
    #[must_use]
    pub fn is_same_account(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

/// EIP-55: a letter is a capital where the hash of the lower-case address has a high nibble of 8 or more.
fn checksummed(digits: &str) -> String {
    let lower = digits.to_ascii_lowercase();
    let hash = base16ct::lower::encode_string(&Keccak256::digest(lower.as_bytes()));
    let capital = |(digit, nibble): (char, char)| if nibble >= '8' { digit.to_ascii_uppercase() } else { digit };
    lower.chars().zip(hash.chars()).map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(chain: &str, address: &str) -> Result<WalletAddress, WalletError> {
        WalletAddress::new(address, &Chain::new(chain).unwrap())
    }

    #[test]
    fn eip_55s_own_examples_are_addresses() {
        for address in [
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0x52908400098527886E0F7030069857D2E4169EE7",
            "0xde709f2102306220921060314715629080e2fb77",
        ] {
            assert!(on("eip155:137", address).is_ok(), "{address}");
        }
    }

    #[test]
    fn one_letter_of_the_wrong_case_is_a_wrong_checksum() {
        assert_eq!(on("eip155:137", "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"), Err(WalletError::WrongChecksum));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for address in ["", "0x", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeA", "0xzz"]
        {
            assert_eq!(on("eip155:1", address), Err(WalletError::NotAnAddress), "{address}");
        }
        assert_eq!(on("eip155:1", &format!("0x{}", "0".repeat(40))), Err(WalletError::Zero));
        assert_eq!(on("solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp", "abc"), Err(WalletError::UnknownChain));
    }

    #[test]
    fn chains_are_caip_2_names() {
        for good in ["eip155:137", "eip155:1", "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"] {
            assert!(Chain::new(good).is_ok(), "{good}");
        }
        for bad in ["", "polygon", "eip155:", ":1", "EIP155:1", "eip155:1:2", "ei:1"] {
            assert!(Chain::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn case_does_not_make_another_account() {
        let mixed = on("eip155:1", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed").unwrap();
        let lower = on("eip155:1", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed").unwrap();
        assert!(mixed.is_same_account(&lower));
    }
}
