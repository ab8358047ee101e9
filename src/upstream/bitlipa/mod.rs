//! Bitlipa's quotes.
