//! Payloads that keys sign: reading them strictly, recognising what they mean,
//! and holding a venue's payload against what was asked.
//!
//! A payload is signed verbatim and never written again; what is read here is
//! only ever looked at.

mod amounts;
mod hold;
mod json;
mod recognise;

pub use hold::{Mismatch, hold_settlement};
pub use json::{Json, StrictError, read_strict};
pub use recognise::{Meaning, recognise};
