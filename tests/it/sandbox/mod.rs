//! The sandbox over real HTTP: what the venues promise, and what they do when told to misbehave.

mod bitlipa;
mod callbacks;
mod client_lists;
mod client_side;
mod control;
mod credentials;
mod disputes;
mod express;
mod faults;
mod finalize;
mod foreign;
mod restart;
mod settlements;
mod support;
mod trade;
mod windows;
