//! An answer that lacks what it must have.

use thiserror::Error;

use super::VenueFailure;

/// The member that is missing, or holds what it cannot; its value is never shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0} is missing or malformed")]
pub(super) struct Unmapped(pub(super) &'static str);

impl From<Unmapped> for VenueFailure {
    fn from(unmapped: Unmapped) -> Self {
        Self::Unreadable { detail: unmapped.to_string() }
    }
}

/// A text that must be there and say something.
pub(super) fn required(text: Option<String>, member: &'static str) -> Result<String, Unmapped> {
    text.filter(|text| !text.is_empty()).ok_or(Unmapped(member))
}
