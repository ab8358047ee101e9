//! What somebody works with who only looks: the venues, and what was seen of them.

use super::AppError;
use super::venues::{self, Pulses, Purses};
use crate::config::{Config, Environment};
use crate::service::Directory;

/// The venues, asked without drawing from any budget, since the journal that holds those may be what is broken.
pub struct Surroundings {
    /// Everybody who is served.
    pub directory: Directory,
    /// What was seen of the venues that were called through it.
    pub pulses: Pulses,
}

/// Sets up the ways to the venues; nothing is called yet.
///
/// # Errors
/// [`AppError`].
pub fn open_surroundings(config: &Config, environment: &dyn Environment) -> Result<Surroundings, AppError> {
    let pulses = Pulses::of(config);
    let directory = venues::directory(config, environment, &Purses::Open, &pulses)?;
    Ok(Surroundings { directory, pulses })
}
