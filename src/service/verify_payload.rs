//! VerifyPayload: whether a signature is a key's for a payload.

use super::context::{Caller, Context};
use super::error::{NotFound, ServiceError};
use crate::custody::{VerifyFailure, verify};
use crate::domain::ids::KeyId;
use crate::domain::policy::Resource;
use crate::domain::signing::{PublicKey, Signature};

/// Whose signature it is said to be.
#[derive(Debug, Clone)]
pub enum VerifyWith {
    /// A key of this gateway.
    Key(KeyId),
    /// Anybody's public key.
    PublicKey(PublicKey),
}

/// Verifies; `Ok(Err(..))` says why the signature is not the key's.
///
/// # Errors
/// [`ServiceError::Denied`], or [`ServiceError::NotFound`] for a key that the caller may name and that is not there.
pub fn verify_payload(
    context: &Context,
    caller: &Caller,
    payload: &str,
    signature: &Signature,
    with: &VerifyWith,
) -> Result<Result<(), VerifyFailure>, ServiceError> {
    let public_key = match with {
        VerifyWith::PublicKey(public_key) => {
            caller.may(Resource::None)?;
            *public_key
        }
        VerifyWith::Key(id) => {
            caller.may(Resource::Key(id))?;
            context.keyring.get(id).ok_or(ServiceError::NotFound(NotFound::Key))?.public_key()
        }
    };
    Ok(verify(&public_key, payload, signature))
}
