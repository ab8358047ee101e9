//! The one integration-test binary.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod custody;
#[cfg(test)]
mod sandbox;
