//! The venues, each behind a trait. What the service knows of a venue is in
//! the traits' files; its JSON, headers and HTTP stay in the folders below.

mod allowance;
pub mod bitgo;
pub mod bitlipa;
mod clean;
mod credential;
mod failure;
mod header;
mod http;
mod id_filter;
mod json;
mod network;
mod quotes;
mod trade;
mod unmapped;

pub use allowance::{Allowance, NoLeave, Unlimited};
pub use credential::{Credential, CredentialError, MAX_CREDENTIAL_BYTES};
pub use failure::VenueFailure;
pub use http::{BuildError, HttpOptions, Pulse, Seen};
pub use id_filter::{MAX_ID_FILTER_BYTES, id_runs};
pub use network::{GoNetwork, NetworkReads};
pub use quotes::{CallbackUrl, QuoteVenue};
pub use trade::{AccountAt, AffirmationWord, FeeQuery, TradeVenue};
