//! Seeds that once violated an invariant, with what was wrong: they run with every test.

/// The seed, and what it found.
pub(super) const KEPT: [(u64, &str); 0] = [];
