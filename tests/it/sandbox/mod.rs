//! The sandbox over real HTTP: what the venues promise, and what they do when told to misbehave.

mod bitlipa;
mod client_side;
mod control;
mod credentials;
mod disputes;
mod faults;
mod restart;
mod settlements;
mod support;
mod windows;
