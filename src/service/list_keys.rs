//! ListKeys: the public side of the keys that a caller may name.

use super::context::{Caller, Context};
use super::error::ServiceError;
use crate::custody::Key;
use crate::domain::policy::Resource;

/// Lists the keys, of which only public data can be had, that the caller may name, in the order of their ids.
///
/// # Errors
/// [`ServiceError::Denied`] when the caller may not call this RPC.
pub fn list_keys(context: &Context, caller: &Caller) -> Result<Vec<Key>, ServiceError> {
    caller.may(Resource::None)?;
    Ok(context.keyring.iter().filter(|key| caller.grants.keys.allows(key.id())).cloned().collect())
}
