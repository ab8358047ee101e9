//! The guard's memory: the first payload of a reference holds it for ever.

use async_trait::async_trait;
use sqlx::{Sqlite, Transaction};
use thiserror::Error;

use super::SqliteStore;
use super::database::{Database, commit};
use super::error::unavailable;
use super::rows::Columns;
use super::text::instant;
use crate::domain::signing::{
    JournalError, PayloadDigest, Reservation, Signature, SignatureRecord, SigningJournal, SigningReference,
};
use crate::store::StoreError;

/// A signature came for a payload that holds no reservation: a defect in the caller, never recorded.
#[derive(Debug, Error)]
#[error("the payload holds no reservation")]
struct NotReserved;

#[async_trait]
impl SigningJournal for SqliteStore {
    async fn reserve(&self, reference: &SigningReference, digest: PayloadDigest) -> Result<Reservation, JournalError> {
        let reference = reference.clone();
        let reserved = self.database.in_task(move |db| reserve(db, reference, digest)).await;
        reserved.map_err(journal_error)
    }

    async fn record(
        &self,
        reference: &SigningReference,
        digest: PayloadDigest,
        signature: Signature,
    ) -> Result<SignatureRecord, JournalError> {
        let reference = reference.to_text();
        let recorded = self.database.in_task(move |db| record(db, reference, digest, signature)).await;
        recorded.map_err(journal_error)
    }
}

fn journal_error(error: StoreError) -> JournalError {
    JournalError(Box::new(error))
}

async fn reserve(db: Database, reference: SigningReference, digest: PayloadDigest) -> Result<Reservation, StoreError> {
    const INSERT: &str = "INSERT INTO signing_reservation (reference, key_id, purpose, digest, reserved_at) \
                          VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (reference) DO NOTHING";
    let text = reference.to_text();
    let mut write = db.write().await?;
    let now = db.clock.now();
    sqlx::query(INSERT)
        .bind(text.as_str())
        .bind(reference.key().as_str())
        .bind(reference.purpose().as_str())
        .bind(digest.as_bytes().as_slice())
        .bind(instant(now))
        .execute(&mut *write)
        .await
        .map_err(unavailable)?;
    let (holder, signed) = read(&mut write, &text).await?.ok_or_else(|| unavailable(NotReserved))?;
    commit(write).await?;
    Ok(match signed {
        _ if holder != digest => Reservation::Conflict { holder },
        Some(record) => Reservation::Signed(record),
        None => Reservation::Reserved,
    })
}

async fn record(
    db: Database,
    reference: String,
    digest: PayloadDigest,
    signature: Signature,
) -> Result<SignatureRecord, StoreError> {
    const UPDATE: &str = "UPDATE signing_reservation SET signature = ?2, signed_at = ?3, \
                          journal_sequence = (SELECT COALESCE(MAX(journal_sequence), 0) + 1 FROM signing_reservation) \
                          WHERE reference = ?1 AND digest = ?4 AND signature IS NULL";
    let mut write = db.write().await?;
    let now = db.clock.now();
    sqlx::query(UPDATE)
        .bind(reference.as_str())
        .bind(signature.as_bytes().as_slice())
        .bind(instant(now))
        .bind(digest.as_bytes().as_slice())
        .execute(&mut *write)
        .await
        .map_err(unavailable)?;
    let first = match read(&mut write, &reference).await? {
        Some((holder, Some(record))) if holder == digest => record,
        _ => return Err(unavailable(NotReserved)),
    };
    commit(write).await?;
    Ok(first)
}

/// Who holds a reference, and the signature if there is one.
async fn read(
    write: &mut Transaction<'static, Sqlite>,
    reference: &str,
) -> Result<Option<(PayloadDigest, Option<SignatureRecord>)>, StoreError> {
    const READ: &str = "SELECT digest, signature, journal_sequence, signed_at FROM signing_reservation WHERE reference = ?1";
    let row = sqlx::query(READ).bind(reference).fetch_optional(&mut **write).await.map_err(unavailable)?;
    let Some(row) = row else { return Ok(None) };
    let columns = Columns(&row);
    let holder = PayloadDigest::from_bytes(columns.bytes("digest")?);
    let record = match columns.bytes_if_any("signature")? {
        None => None,
        Some(bytes) => Some(SignatureRecord {
            signature: Signature::from_bytes(bytes),
            journal_sequence: columns.count("journal_sequence")?,
            signed_at: columns.instant("signed_at")?,
        }),
    };
    Ok(Some((holder, record)))
}
