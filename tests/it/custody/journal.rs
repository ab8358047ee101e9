//! A signing journal in memory, which notes the order of what it is asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use settlement_gateway::domain::signing::{
    JournalError, PayloadDigest, Reservation, Signature, SignatureRecord, SigningJournal, SigningReference,
};

/// What happened, in its order; shared with the signers of the tests.
pub(super) type Events = Arc<Mutex<Vec<&'static str>>>;

/// The first digest of a reference wins; the first signature of it is kept.
#[derive(Default)]
pub(super) struct MemoryJournal {
    pub(super) events: Events,
    fail_reserve: bool,
    fail_record: bool,
    entries: Mutex<HashMap<String, (PayloadDigest, Option<SignatureRecord>)>>,
}

impl MemoryJournal {
    /// A journal that does not answer one of its two questions.
    pub(super) fn failing(reserve: bool, record: bool) -> Self {
        Self { fail_reserve: reserve, fail_record: record, ..Self::default() }
    }

    /// Puts a signature there as another replica would.
    pub(super) fn plant(&self, reference: &SigningReference, digest: PayloadDigest, signature: Option<Signature>) {
        let record =
            signature.map(|signature| SignatureRecord { signature, journal_sequence: 7, signed_at: Timestamp::UNIX_EPOCH });
        self.entries.lock().unwrap().insert(reference.to_text(), (digest, record));
    }
}

fn down() -> JournalError {
    JournalError("down".into())
}

#[async_trait]
impl SigningJournal for MemoryJournal {
    async fn reserve(&self, reference: &SigningReference, digest: PayloadDigest) -> Result<Reservation, JournalError> {
        self.events.lock().unwrap().push("reserve");
        if self.fail_reserve {
            return Err(down());
        }
        let mut entries = self.entries.lock().unwrap();
        Ok(match entries.entry(reference.to_text()).or_insert((digest, None)) {
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
        self.events.lock().unwrap().push("record");
        if self.fail_record {
            return Err(down());
        }
        let mut entries = self.entries.lock().unwrap();
        let sequence = entries.len() as u64;
        let (holder, record) = entries.get_mut(&reference.to_text()).expect("reserved before it is recorded");
        assert_eq!(*holder, digest, "recorded for the digest that was reserved");
        let new = SignatureRecord { signature, journal_sequence: sequence, signed_at: Timestamp::UNIX_EPOCH };
        Ok(record.get_or_insert(new).clone())
    }
}
