//! The whole gateway as its callers meet it: a real gRPC client, real keys, a real journal and venues over real HTTP.

mod bad_quotes;
mod bad_reads;
mod bad_settlements;
mod budget;
mod callers;
mod client_settlements;
mod deadlines;
mod events;
mod known;
mod known_reads;
mod largest;
mod limits;
mod listing;
mod once;
mod quotes;
mod redaction;
mod refusals;
mod requests;
mod reservations;
mod retrying;
mod settling;
mod signing;
mod stopping;
mod tls;
mod venue_reads;
mod watching;
