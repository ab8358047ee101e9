//! The gRPC face: each handler converts a request, calls one use case, and
//! converts its answer.
//!
//! Generated types do not leave this module; neither do statuses.

pub mod convert;
pub mod pb;
