//! The venues' adapters over real sockets, against a server that does what a test tells it.

mod answers;
mod authentication;
mod bitlipa;
mod reads;
mod requests;
mod sandbox;
mod server;
mod support;
mod tls;
mod transport;
