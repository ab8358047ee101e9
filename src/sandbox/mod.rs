//! BitGo and Bitlipa as a simulation behind real HTTP.
