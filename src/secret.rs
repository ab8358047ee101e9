//! A value that cannot be printed, serialised or left in memory.

use std::fmt;

use zeroize::Zeroizing;

/// Secret text or bytes: wiped when dropped, printed as `[secret]`.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes bytes; the caller's buffer becomes the secret's, no copy stays behind.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Takes text; the caller's buffer becomes the secret's, no copy stays behind.
    #[must_use]
    pub fn from_text(text: String) -> Self {
        Self::new(text.into_bytes())
    }

    /// The bytes, for the one call that needs them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The text, where the secret is text.
    #[must_use]
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_as_nothing() {
        assert_eq!(format!("{:?}", Secret::from_text("hunter2".to_owned())), "[secret]");
    }
}
