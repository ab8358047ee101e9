//! Keys, and the only way to a signature.
