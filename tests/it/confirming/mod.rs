//! Quotes from price to payout, against the simulated venue: held before they are sent, sent once, read back after doubt.

mod anchoring;
mod cancelling;
mod crashes;
mod doubts;
mod every_answer;
mod following;
mod holding;
mod repeats;
mod resolving;
mod shop;
