//! The venues' adapters over real sockets, against a server that does what a test tells it.

mod answers;
mod authentication;
mod bitlipa;
mod express;
mod forms;
mod health;
mod proxy;
mod reads;
mod requests;
pub(crate) mod sandbox;
pub(crate) mod server;
pub(crate) mod support;
mod tls;
mod transport;
