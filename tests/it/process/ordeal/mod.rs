//! The gateway is killed at every step of its work, and three recorders that know nothing of each other are compared.

pub(super) mod asks;
mod inbox;
mod legal;
mod lives;
mod lost_rows;
mod matrix;
mod oracle;
mod oracle_tests;
mod plain;
mod scene;
mod torture;

pub(super) use crate::support::choices;
