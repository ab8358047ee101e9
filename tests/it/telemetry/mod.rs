//! What operators are told: every metric by its one name, in the code, the documents, the dashboard and the rules.

mod census;
mod names;
mod rules;
