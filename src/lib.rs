//! Settlement as an internal platform API: gRPC in front of a key-custody
//! signer and the upstream venues.
//!
//! A request's way through the gateway is the list of these modules:
//! `grpc -> service -> { custody, store, upstream }`. Who may import whom is
//! written in `docs/architecture.md` and held by `tests/it/architecture.rs`.

pub mod app;
pub mod archive;
pub mod causes;
pub mod cli;
pub mod config;
pub mod custody;
pub mod domain;
pub mod files;
pub mod grpc;
pub mod http;
pub mod kill_points;
mod places;
pub mod sandbox;
pub mod secret;
pub mod service;
pub mod store;
pub mod telemetry;
pub mod tls;
pub mod traces;
pub mod upstream;
