//! An error with its causes on one line, for a log or an operator; never for a caller.

use std::error::Error;
use std::iter::successors;

/// The error's own words and those of each cause, outermost first.
#[must_use]
pub fn with_causes(error: &dyn Error) -> String {
    successors(error.source(), |cause: &&dyn Error| (*cause).source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use thiserror::Error;

    #[derive(Debug, Error)]
    #[error("the roof fell")]
    struct Outer(#[source] Inner);

    #[derive(Debug, Error)]
    #[error("the beam broke")]
    struct Inner;

    #[test]
    fn causes_follow_their_effects() {
        assert_eq!(with_causes(&Outer(Inner)), "the roof fell: the beam broke");
    }
}
