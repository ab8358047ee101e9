//! SQLite: the embedded store, for one replica.
