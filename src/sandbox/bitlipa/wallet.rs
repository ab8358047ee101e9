//! Payout addresses.

use sha3::{Digest, Keccak256};

/// Whether a text is an Ethereum address: `0x` and 40 hexadecimal digits, in mixed case only where EIP-55's checksum holds.
pub(crate) fn is_address(text: &str) -> bool {
    let Some(digits) = text.strip_prefix("0x") else { return false };
    if digits.len() != 40 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return false;
    }
    let one_case = digits == digits.to_ascii_lowercase() || digits == digits.to_ascii_uppercase();
    one_case || digits == checksummed(digits)
}

fn checksummed(digits: &str) -> String {
    let lower = digits.to_ascii_lowercase();
    let hash = base16ct::lower::encode_string(&Keccak256::digest(&lower));
    let case = |(digit, nibble): (char, char)| if nibble >= '8' { digit.to_ascii_uppercase() } else { digit };
    lower.chars().zip(hash.chars()).map(case).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_eip_55_hold() {
        for address in [
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0x742d35cc6634c0532925a3b844bc454e4438f44e",
        ] {
            assert!(is_address(address), "{address}");
        }
    }

    #[test]
    fn a_wrong_case_length_or_digit_is_refused() {
        for address in [
            "0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0x742d35cc6634c0532925a3b844bc454e4438f44",
            "742d35cc6634c0532925a3b844bc454e4438f44e",
            "0x742d35cc6634c0532925a3b844bc454e4438f44g",
            "",
        ] {
            assert!(!is_address(address), "{address}");
        }
    }
}
