//! InitiateSettlement's way through journal, keys and venue, with everything that a venue may answer.

mod answers;
mod doubts;
mod fairness;
mod pacing;
mod limits;
mod previews;
mod repeats;
mod tampering;
mod waiting;
