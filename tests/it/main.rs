//! The one integration-test binary.

#[cfg(test)]
mod anchor;
#[cfg(test)]
mod architecture;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod callbacks;
#[cfg(test)]
mod chart;
#[cfg(test)]
mod commands_doc;
#[cfg(test)]
mod confirming;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod custody;
#[cfg(test)]
mod docs;
#[cfg(test)]
mod engine;
#[cfg(test)]
mod errors_doc;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod process;
#[cfg(test)]
mod rpc;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
mod server;
#[cfg(test)]
mod service_config;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod sqlite;
#[cfg(test)]
mod support;
#[cfg(test)]
mod telemetry;
#[cfg(test)]
mod trade;
#[cfg(test)]
mod upstream;
