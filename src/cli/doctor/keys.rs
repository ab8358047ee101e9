//! The signing keys: each opens, and is the one that was meant. Nothing is signed with them.

use super::check::{Check, Topic};
use crate::config::{Config, ConfiguredKey, ProcessEnvironment};
use crate::custody::Keyring;

/// Opening a sealed key takes up to a second of a processor, so it is done apart.
pub(super) async fn look(config: Config) -> Vec<Check> {
    let opened = tokio::task::spawn_blocking(move || (config.load_keyring(&ProcessEnvironment), config.keys)).await;
    match opened {
        Ok((Ok(keyring), keys)) => keys.iter().flat_map(|key| opened_key(key, &keyring)).collect(),
        Ok((Err(mistakes), _)) => {
            let failed = |place: &str, problem: &str| {
                Check::failed(Topic::Keys, place, problem).hint("a start is refused until the key opens and is the pinned one")
            };
            mistakes.mistakes().iter().map(|mistake| failed(&mistake.path, &mistake.problem)).collect()
        }
        Err(_) => vec![Check::failed(Topic::Keys, "all keys", "opening them ended unexpectedly")],
    }
}

fn opened_key(configured: &ConfiguredKey, keyring: &Keyring) -> Vec<Check> {
    let id = &configured.settings.id;
    let Some(key) = keyring.get(id) else { return Vec::new() };
    let public = key.public_key().to_hex();
    let opened = if key.is_enabled() {
        Check::ok(Topic::Keys, id.as_str(), format!("opens; public key {public}"))
    } else {
        Check::warning(Topic::Keys, id.as_str(), "opens, and is disabled: it signs nothing")
            .hint("settlements of its enterprise are refused with KEY_DISABLED until enabled = true")
    };
    // A key that is not its pinned one does not open at all.
    let pinned = if configured.public_key.is_some() {
        Check::ok(Topic::Keys, id.as_str(), "is the key whose public_key is pinned")
    } else {
        Check::skipped(Topic::Keys, id.as_str(), "no public_key is pinned that it could be held against")
            .hint(format!("public_key = \"{public}\" in its section refuses a start with another key's file"))
    };
    vec![opened, pinned]
}
