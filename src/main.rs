//! The `settlement-gateway` binary.

fn main() {}
