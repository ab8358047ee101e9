//! The audit chain over real databases: who alters what is named, and without a record nothing is signed or sent.

mod chaining;
mod ground;
mod refusing;
mod tampering;
