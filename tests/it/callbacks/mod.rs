//! The listener that venues call: what proves who it is from is stored, answered and looked up; nothing else has an effect.

mod acting;
mod floods;
mod inbox;
mod limits;
mod payouts;
mod refusals;
pub(crate) mod support;
mod tls;
mod venue;
