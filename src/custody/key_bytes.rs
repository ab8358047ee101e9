//! The 32 bytes of a private key, at one place in memory.

use std::fmt;

use zeroize::Zeroizing;

/// A private key's bytes: boxed, so that moving the owner copies a pointer and
/// no key; wiped when dropped; printed as nothing.
pub(super) struct KeyBytes(Box<Zeroizing<[u8; 32]>>);

impl KeyBytes {
    /// Copies a key out of the buffer of the format that carried it.
    pub(super) fn copy_of(bytes: &[u8; 32]) -> Self {
        let mut place = Box::new(Zeroizing::new([0; 32]));
        place.copy_from_slice(bytes);
        Self(place)
    }

    /// The bytes, for the one call that needs them.
    pub(super) fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[private key]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_prints_as_nothing() {
        assert_eq!(format!("{:?}", KeyBytes::copy_of(&[0x41; 32])), "[private key]");
    }
}
