//! The contract's limits that no domain type carries, as the `.proto` comments state them.

/// The most control totals of a settlement: one for each currency in it.
pub const MAX_CONTROL_TOTALS: usize = 1_000;

/// The most currencies in a filter of transfers.
pub const MAX_FILTER_CURRENCIES: usize = 100;

/// The most ids in a filter of what a venue keeps.
pub const MAX_FILTER_IDS: usize = 100;

/// The most states in a filter of settlements: all that there are.
pub const MAX_FILTER_STATES: usize = 14;

/// The most bytes of a payload to sign or to verify.
pub const MAX_PAYLOAD_BYTES: usize = 4 * 1024 * 1024;

/// How many entries a page has when the caller does not say.
pub const DEFAULT_PAGE_SIZE: u32 = 50;

/// The most entries of a page.
pub const MAX_PAGE_SIZE: u32 = 200;

/// The most bytes of a page token.
pub const MAX_PAGE_TOKEN_BYTES: usize = 1024;

/// The most violations that one answer lists: enough to see the pattern, few enough for a trailer.
pub const MAX_VIOLATIONS: usize = 20;

/// The most trades of a trade settlement.
pub const MAX_TRADES: usize = 100;

/// The most bytes of a trade settlement's payload.
pub const MAX_TRADE_PAYLOAD_BYTES: usize = 64 * 1024;
