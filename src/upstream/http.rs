//! One HTTP client for all venues: bounded, without redirects, safe to log.
