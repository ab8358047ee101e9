//! SignPayload: sign what is recognised, where the key has that purpose.
//!
//! The same scheme signs settlements and withdrawals alike, so nothing is
//! signed blindly: raw bytes need the purpose `raw`, which no key has by
//! default, and what resembles a settlement without being exactly one is
//! refused whatever the key.

use tracing::Instrument;

use super::anchor::NotSigned;
use super::context::{Caller, Context};
use super::error::{NotFound, Problem, ServiceError, SigningRefusal};
use crate::custody::{Key, SignOnceError, SignedPayload};
use crate::domain::ids::{EnterpriseId, ExternalId, KeyId};
use crate::domain::payload::{Meaning, recognise};
use crate::domain::policy::{Denied, Resource};
use crate::domain::settlement::SettlementAmounts;
use crate::domain::signing::{PayloadDigest, Purpose, SigningReference};
use crate::store::StoreError;

/// Signs a payload verbatim, or returns the signature that it got before.
///
/// The work is done in a task of its own, so that a caller that goes away leaves no reservation without its signature.
///
/// # Errors
/// [`ServiceError::Denied`], [`ServiceError::NotFound`], [`ServiceError::Invalid`] for an ambiguous payload,
/// [`ServiceError::LimitExceeded`], [`ServiceError::SigningRefused`], [`ServiceError::KeyUnavailable`] or a failing journal.
pub async fn sign_payload(
    context: &Context,
    caller: &Caller,
    key_id: &KeyId,
    payload: String,
) -> Result<SignedPayload, ServiceError> {
    caller.may(Resource::Key(key_id))?;
    let key = context.keyring.get(key_id).ok_or(ServiceError::NotFound(NotFound::Key))?.clone();
    if !key.is_enabled() {
        return Err(ServiceError::SigningRefused(SigningRefusal::KeyDisabled));
    }
    let reference = reference(context, caller, &key, &payload)?;
    let anchor = context.anchor.clone();
    let signing = async move {
        let signed = anchor.sign_once(&key, &reference, &payload).await?;
        // Here the signature leaves the house: not before the anchor covers it.
        anchor.cover().await?;
        Ok(signed)
    };
    match tokio::spawn(signing.in_current_span()).await {
        Ok(signed) => signed.map_err(|error| match error {
            NotSigned::Unanchored(unanchored) => unanchored.into(),
            NotSigned::Refused(error) => refusal(error),
        }),
        Err(panic) => Err(ServiceError::Internal("the signing task ended early", Some(Box::new(panic)))),
    }
}

/// What the payload commits the key to.
fn reference(context: &Context, caller: &Caller, key: &Key, payload: &str) -> Result<SigningReference, ServiceError> {
    let meaning = recognise(payload);
    let purpose = meaning.purpose().ok_or_else(|| ServiceError::invalid("payload", Problem::PayloadAmbiguous))?;
    if !key.purposes().contains(&purpose) {
        return Err(ServiceError::SigningRefused(SigningRefusal::PurposeNotAllowed(purpose)));
    }
    let id = key.id().clone();
    match meaning {
        Meaning::Settlement { external_id, amounts } => {
            let enterprise = permit_settlement(context, caller, key, &amounts)?;
            let external_id =
                ExternalId::new(external_id).map_err(|_| ServiceError::invalid("payload", Problem::PayloadAmbiguous))?;
            // InitiateSettlement uses the same: the two can never sign two payloads for one settlement.
            Ok(SigningReference::Settlement { key: id, enterprise, external_id })
        }
        Meaning::Trade { nonce_hold, nonce_settle } => Ok(SigningReference::Trade { key: id, nonce_hold, nonce_settle }),
        Meaning::Allocation { nonce } => Ok(SigningReference::Allocation { key: id, nonce }),
        Meaning::Dispute { nonce } => Ok(SigningReference::Dispute { key: id, nonce }),
        Meaning::Raw | Meaning::Ambiguous => Ok(SigningReference::Raw { key: id, digest: PayloadDigest::of(payload) }),
    }
}

/// Holds a settlement's payload against the caller's rights to the key's enterprise, which it names.
///
/// A signature without a recorded settlement counts towards no day, so a limit of the rolling day denies it altogether.
fn permit_settlement(
    context: &Context,
    caller: &Caller,
    key: &Key,
    amounts: &SettlementAmounts,
) -> Result<EnterpriseId, ServiceError> {
    if !key.may_sign_settlements_by_payload() {
        return Err(ServiceError::SigningRefused(SigningRefusal::UseInitiateSettlement));
    }
    let refused = ServiceError::SigningRefused(SigningRefusal::PurposeNotAllowed(Purpose::Settlement));
    let enterprise = context.directory.enterprise_of_key(key.id()).ok_or(refused)?;
    caller.may(Resource::Enterprise(enterprise))?;
    if caller.grants.limits.values().any(|limit| limit.per_day.is_some()) {
        return Err(Denied.into());
    }
    caller.hold_limits(amounts)?;
    Ok(enterprise.clone())
}

fn refusal(error: SignOnceError) -> ServiceError {
    match error {
        SignOnceError::KeyDisabled => ServiceError::SigningRefused(SigningRefusal::KeyDisabled),
        SignOnceError::PurposeNotAllowed(purpose) => ServiceError::SigningRefused(SigningRefusal::PurposeNotAllowed(purpose)),
        SignOnceError::ReferenceTaken { holder } => ServiceError::SigningRefused(SigningRefusal::ReferenceTaken(holder)),
        SignOnceError::Journal(error) => ServiceError::Store(StoreError::Unavailable(Box::new(error))),
        SignOnceError::Signer(error) => ServiceError::KeyUnavailable(error),
        error @ (SignOnceError::ReferenceMismatch | SignOnceError::SelfCheckFailed(_)) => {
            ServiceError::Internal("a signature was withheld", Some(Box::new(error)))
        }
    }
}
