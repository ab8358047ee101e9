//! InitiateSettlement's way through journal, keys and venue, with everything that a venue may answer.

mod answers;
mod bent_reads;
mod doubts;
mod errands;
mod every_answer;
mod fairness;
mod following;
mod limits;
mod pacing;
mod patrol;
mod previews;
mod quotes;
mod reads;
mod repeats;
mod resolving;
mod retention;
mod tampering;
mod waiting;
