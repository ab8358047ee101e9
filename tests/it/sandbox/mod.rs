//! The sandbox over real HTTP: what the venues promise, and what they do when told to misbehave.

mod settlements;
mod support;
mod windows;
