//! The guard's memory: the first payload of a reference holds it for ever.

use async_trait::async_trait;
use thiserror::Error;

use super::audit;
use super::driver::Driver;
use super::error::unavailable;
use super::events::sequence;
use super::heads;
use super::session::Session;
use super::statement::Statement;
use super::store::SqlStore;
use crate::domain::anchor::Head;
use crate::domain::signing::{
    JournalError, PayloadDigest, Reservation, Signature, SignatureRecord, SigningJournal, SigningReference,
};
use crate::store::StoreError;

/// A signature came for a payload that holds no reservation: a defect in the caller, never recorded.
#[derive(Debug, Error)]
#[error("the payload holds no reservation")]
struct NotReserved;

#[async_trait]
impl<D: Driver> SigningJournal for SqlStore<D> {
    async fn reserve(&self, reference: &SigningReference, digest: PayloadDigest) -> Result<Reservation, JournalError> {
        let wanted = Wanted { reference: reference.clone(), digest, floor: self.floor.now() };
        self.write(wanted, |on, wanted| Box::pin(reserve(on, wanted))).await.map_err(journal_error)
    }

    async fn record(
        &self,
        reference: &SigningReference,
        digest: PayloadDigest,
        signature: Signature,
    ) -> Result<SignatureRecord, JournalError> {
        let signed = Signed { reference: reference.to_text(), digest, signature, floor: self.floor.now() };
        self.write(signed, |on, signed| Box::pin(record(on, signed))).await.map_err(journal_error)
    }
}

/// A payload that is to be signed, and what the journal must reach for that.
struct Wanted {
    reference: SigningReference,
    digest: PayloadDigest,
    floor: Option<Head>,
}

/// A signature and the payload that it is for.
struct Signed {
    reference: String,
    digest: PayloadDigest,
    signature: Signature,
    floor: Option<Head>,
}

fn journal_error(error: StoreError) -> JournalError {
    JournalError(Box::new(error))
}

async fn reserve(on: &mut Session, wanted: &Wanted) -> Result<Reservation, StoreError> {
    const INSERT: &str = "INSERT INTO signing_reservation (reference, key_id, purpose, digest, reserved_at) \
                          VALUES ($1, $2, $3, $4, $5) ON CONFLICT (reference) DO NOTHING";
    let Wanted { reference, digest, floor } = wanted;
    heads::hold(&heads::read(on).await?, floor.as_ref())?;
    let (text, now) = (reference.to_text(), on.now().await?);
    let insert = Statement::new(INSERT)
        .bind(text.as_str())
        .bind(reference.key().as_str())
        .bind(reference.purpose().as_str())
        .bind(digest.as_bytes().as_slice())
        .bind(now);
    if on.execute(insert).await? == 1 {
        audit::reserved(on, &text, *digest, now).await?;
    }
    let (holder, signed) = read(on, &text).await?.ok_or_else(|| unavailable(NotReserved))?;
    Ok(match signed {
        _ if holder != *digest => Reservation::Conflict { holder },
        Some(record) => Reservation::Signed(record),
        None => Reservation::Reserved,
    })
}

/// Records a signature where the payload holds the reference and none is recorded yet; the first one is the answer.
async fn record(on: &mut Session, signed: &Signed) -> Result<SignatureRecord, StoreError> {
    if hold(on, signed).await? {
        keep(on, signed).await?;
    }
    match read(on, &signed.reference).await? {
        Some((holder, Some(first))) if holder == signed.digest => Ok(first),
        _ => Err(unavailable(NotReserved)),
    }
}

/// Whether the payload holds the reference and waits for its signature; whoever else would record one waits from then on.
async fn hold(on: &mut Session, signed: &Signed) -> Result<bool, StoreError> {
    const HOLD: &str = "UPDATE signing_reservation SET reserved_at = reserved_at \
                        WHERE reference = $1 AND digest = $2 AND signature IS NULL";
    let hold = Statement::new(HOLD).bind(signed.reference.as_str()).bind(signed.digest.as_bytes().as_slice());
    Ok(on.execute(hold).await? == 1)
}

/// Keeps a signature with its audit record. The journal's place comes last, since all signatures wait for it.
async fn keep(on: &mut Session, signed: &Signed) -> Result<(), StoreError> {
    const UPDATE: &str = "UPDATE signing_reservation SET signature = $2, signed_at = $3, journal_sequence = $5, link = $6 \
                          WHERE reference = $1 AND digest = $4 AND signature IS NULL";
    let now = on.now().await?;
    audit::signed(on, &signed.reference, signed.digest, &signed.signature, now).await?;
    let head = heads::take(on).await?;
    heads::hold(&head, signed.floor.as_ref())?;
    let next = head.after(&signed.reference, &signed.digest, &signed.signature);
    let update = Statement::new(UPDATE)
        .bind(signed.reference.as_str())
        .bind(signed.signature.as_bytes().as_slice())
        .bind(now)
        .bind(signed.digest.as_bytes().as_slice())
        .bind(sequence(next.sequence)?)
        .bind(next.link.as_bytes().as_slice());
    // Another transaction may have signed the reference while this one waited for the head.
    if on.execute(update).await? == 1 {
        heads::put(on, &next).await?;
    }
    Ok(())
}

/// Who holds a reference, and the signature if there is one.
async fn read(on: &mut Session, reference: &str) -> Result<Option<(PayloadDigest, Option<SignatureRecord>)>, StoreError> {
    const READ: &str = "SELECT digest, signature, journal_sequence, signed_at FROM signing_reservation WHERE reference = $1";
    let Some(row) = on.row(Statement::new(READ).bind(reference)).await? else { return Ok(None) };
    let holder = PayloadDigest::from_bytes(row.bytes("digest")?);
    let record = match row.bytes_if_any("signature")? {
        None => None,
        Some(bytes) => Some(SignatureRecord {
            signature: Signature::from_bytes(bytes),
            journal_sequence: row.count("journal_sequence")?,
            signed_at: row.instant("signed_at")?,
        }),
    };
    Ok(Some((holder, record)))
}
