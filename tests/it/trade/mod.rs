//! Trade settlements at work: real journal, real keys, real HTTP to the simulated venue; no gRPC.

mod affirming;
mod creating;
mod doubts;
mod every_answer;
mod kills;
mod lost_answers;
mod resolving;
pub(crate) mod support;
