//! The one integration-test binary.

#[cfg(test)]
mod custody;
#[cfg(test)]
mod sandbox;
