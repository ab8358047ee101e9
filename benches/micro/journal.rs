//! A signing journal without a disk, so that what is measured is the custody around it.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;
use settlement_gateway::domain::signing::{
    JournalError, PayloadDigest, Reservation, Signature, SignatureRecord, SigningJournal, SigningReference,
};

/// The first digest of a reference wins; the first signature of it is kept.
#[derive(Default)]
pub(super) struct MemoryJournal(Mutex<HashMap<SigningReference, (PayloadDigest, Option<SignatureRecord>)>>);

#[async_trait]
impl SigningJournal for MemoryJournal {
    async fn reserve(&self, reference: &SigningReference, digest: PayloadDigest) -> Result<Reservation, JournalError> {
        let mut entries = self.0.lock().unwrap();
        Ok(match entries.entry(reference.clone()).or_insert((digest, None)) {
            (holder, _) if *holder != digest => Reservation::Conflict { holder: *holder },
            (_, Some(record)) => Reservation::Signed(record.clone()),
            (_, None) => Reservation::Reserved,
        })
    }

    async fn record(
        &self,
        reference: &SigningReference,
        digest: PayloadDigest,
        signature: Signature,
    ) -> Result<SignatureRecord, JournalError> {
        let record = SignatureRecord { signature, journal_sequence: 1, signed_at: Timestamp::UNIX_EPOCH };
        self.0.lock().unwrap().insert(reference.clone(), (digest, Some(record.clone())));
        Ok(record)
    }
}
