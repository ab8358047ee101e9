//! Every branch of the only way to a signature.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use settlement_gateway::custody::{
    Key, KeySettings, KeySource, SignOnceError, Signer, SignerError, VerifyFailure, message_digest, sign_once, verify,
};
use settlement_gateway::domain::ids::{EnterpriseId, ExternalId, KeyId};
use settlement_gateway::domain::signing::{PayloadDigest, PublicKey, Purpose, Signature, SigningReference};

use super::journal::{Events, MemoryJournal};
use super::{PUBLIC_KEY, XPRV, key, settings};

const PAYLOAD: &str = r#"{"externalId":"x-1"}"#;
const OTHER_PAYLOAD: &str = r#"{"externalId":"x-1","notes":"other"}"#;
/// Another key: BIP-32's test vector 3.
const OTHER_XPRV: &str =
    "xprv9s21ZrQH143K25QhxbucbDDuQ4naNntJRi4KUfWT7xo4EKsHt2QJDu7KXp1A3u7Bi1j8ph3EGsZ9Xvz9dGuVrtHHs7pXeTzjuxBrCmmhgC6";

fn reference() -> SigningReference {
    SigningReference::Settlement {
        key: KeyId::new("k").unwrap(),
        enterprise: EnterpriseId::new("e").unwrap(),
        external_id: ExternalId::new("x-1").unwrap(),
    }
}

/// A signer that says what it was made to say, and notes that it was asked.
struct FakeSigner {
    events: Events,
    answer: Option<Signature>,
}

#[async_trait]
impl Signer for FakeSigner {
    fn public_key(&self) -> PublicKey {
        PublicKey::from_hex(PUBLIC_KEY).unwrap()
    }

    async fn sign(&self, digest: [u8; 32]) -> Result<Signature, SignerError> {
        assert_eq!(digest, message_digest(PAYLOAD));
        self.events.lock().unwrap().push("sign");
        self.answer.ok_or_else(|| SignerError("asleep".into()))
    }
}

fn faked(journal: &MemoryJournal, answer: Option<Signature>) -> Key {
    let signer = FakeSigner { events: Arc::clone(&journal.events), answer };
    Key::with_signer(settings("k"), KeySource::Xprv, Arc::new(signer))
}

fn events(journal: &MemoryJournal) -> Vec<&'static str> {
    journal.events.lock().unwrap().clone()
}

/// The genuine signature of a key, by a journal of its own.
async fn signature_by(xprv: &str, payload: &str) -> Signature {
    sign_once(&MemoryJournal::default(), &key("k", xprv), &reference(), payload).await.unwrap().signature
}

/// A signature's twin with the other s, which plain ECDSA accepts as well.
fn high_s_twin(signature: &Signature) -> Signature {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, //
        0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
    ];
    let mut bytes = *signature.as_bytes();
    let mut borrow = 0;
    for position in (0..32).rev() {
        let difference = i16::from(ORDER[position]) - i16::from(bytes[33 + position]) - borrow;
        borrow = i16::from(difference < 0);
        bytes[33 + position] = difference.rem_euclid(256).try_into().unwrap();
    }
    bytes[0] = 31 + ((bytes[0] - 31) ^ 1);
    Signature::from_bytes(bytes)
}

#[tokio::test]
async fn the_reservation_is_durable_before_the_key_is_touched_and_the_signature_before_it_is_released() {
    let journal = MemoryJournal::default();
    let genuine = signature_by(XPRV, PAYLOAD).await;
    let signed = sign_once(&journal, &faked(&journal, Some(genuine)), &reference(), PAYLOAD).await.unwrap();
    assert_eq!(events(&journal), ["reserve", "sign", "record"]);
    assert_eq!(signed.signature, genuine);
    assert_eq!(signed.public_key.to_hex(), PUBLIC_KEY);
    assert_eq!(signed.key_id.as_str(), "k");
    assert_eq!(signed.digest, PayloadDigest::of(PAYLOAD));
    assert_eq!(signed.purpose, Purpose::Settlement);
    assert_eq!(signed.journal_sequence, 1);
}

#[tokio::test]
async fn a_repeat_gets_the_stored_signature_without_the_key() {
    let journal = MemoryJournal::default();
    let first = sign_once(&journal, &key("k", XPRV), &reference(), PAYLOAD).await.unwrap();
    let again = sign_once(&journal, &faked(&journal, None), &reference(), PAYLOAD).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(events(&journal), ["reserve", "record", "reserve"]);
}

#[tokio::test]
async fn a_second_payload_for_one_reference_is_never_signed() {
    let journal = MemoryJournal::default();
    sign_once(&journal, &key("k", XPRV), &reference(), OTHER_PAYLOAD).await.unwrap();
    let refused = sign_once(&journal, &faked(&journal, None), &reference(), PAYLOAD).await.unwrap_err();
    assert!(matches!(refused, SignOnceError::ReferenceTaken { holder } if holder == PayloadDigest::of(OTHER_PAYLOAD)));
    assert!(!events(&journal).contains(&"sign"));
}

#[tokio::test]
async fn a_reservation_whose_signature_was_lost_is_signed_again() {
    let journal = MemoryJournal::default();
    journal.plant(&reference(), PayloadDigest::of(PAYLOAD), None);
    let signed = sign_once(&journal, &key("k", XPRV), &reference(), PAYLOAD).await.unwrap();
    assert_eq!(verify(&signed.public_key, PAYLOAD, &signed.signature), Ok(()));
}

#[tokio::test]
async fn a_journal_that_does_not_answer_stops_the_key() {
    let journal = MemoryJournal::failing(true, false);
    let refused = sign_once(&journal, &faked(&journal, None), &reference(), PAYLOAD).await.unwrap_err();
    assert!(matches!(refused, SignOnceError::Journal(_)));
    assert_eq!(events(&journal), ["reserve"]);
}

#[tokio::test]
async fn a_signature_that_was_not_recorded_is_not_released() {
    let journal = MemoryJournal::failing(false, true);
    let refused = sign_once(&journal, &key("k", XPRV), &reference(), PAYLOAD).await.unwrap_err();
    assert!(matches!(refused, SignOnceError::Journal(_)));
}

#[tokio::test]
async fn a_signer_that_fails_leaves_nothing_recorded() {
    let journal = MemoryJournal::default();
    let refused = sign_once(&journal, &faked(&journal, None), &reference(), PAYLOAD).await.unwrap_err();
    assert!(matches!(refused, SignOnceError::Signer(_)));
    assert_eq!(events(&journal), ["reserve", "sign"]);
}

#[tokio::test]
async fn a_signature_of_another_key_or_payload_or_form_is_neither_recorded_nor_released() {
    let genuine = signature_by(XPRV, PAYLOAD).await;
    let cases = [
        (signature_by(OTHER_XPRV, PAYLOAD).await, VerifyFailure::WrongKey),
        (signature_by(XPRV, OTHER_PAYLOAD).await, VerifyFailure::WrongKey),
        (high_s_twin(&genuine), VerifyFailure::HighS),
    ];
    for (answer, reason) in cases {
        let journal = MemoryJournal::default();
        let refused = sign_once(&journal, &faked(&journal, Some(answer)), &reference(), PAYLOAD).await.unwrap_err();
        assert!(matches!(refused, SignOnceError::SelfCheckFailed(found) if found == reason), "{refused:?}");
        assert_eq!(events(&journal), ["reserve", "sign"]);
    }
}

#[tokio::test]
async fn a_stored_signature_of_an_exchanged_key_is_not_released() {
    let journal = MemoryJournal::default();
    journal.plant(&reference(), PayloadDigest::of(PAYLOAD), Some(signature_by(OTHER_XPRV, PAYLOAD).await));
    let refused = sign_once(&journal, &key("k", XPRV), &reference(), PAYLOAD).await.unwrap_err();
    assert!(matches!(refused, SignOnceError::SelfCheckFailed(VerifyFailure::WrongKey)));
}

#[tokio::test]
async fn what_the_key_may_not_sign_never_reaches_the_journal() {
    let journal = MemoryJournal::default();
    let with = |change: fn(&mut KeySettings)| {
        let mut settings = settings("k");
        change(&mut settings);
        let signer = FakeSigner { events: Arc::clone(&journal.events), answer: None };
        Key::with_signer(settings, KeySource::Xprv, Arc::new(signer))
    };
    let disabled = with(|settings| settings.enabled = false);
    let without_purpose = with(|settings| settings.purposes = BTreeSet::from([Purpose::Trade]));
    let another = with(|settings| settings.id = KeyId::new("other").unwrap());
    let refusal = async |key| sign_once(&journal, key, &reference(), PAYLOAD).await.unwrap_err();
    assert!(matches!(refusal(&disabled).await, SignOnceError::KeyDisabled));
    assert!(matches!(refusal(&without_purpose).await, SignOnceError::PurposeNotAllowed(Purpose::Settlement)));
    assert!(matches!(refusal(&another).await, SignOnceError::ReferenceMismatch));
    assert_eq!(events(&journal), [""; 0]);
}

#[tokio::test]
async fn a_raw_reference_stands_for_its_own_payload_only() {
    let journal = MemoryJournal::default();
    let reference = SigningReference::Raw { key: KeyId::new("k").unwrap(), digest: PayloadDigest::of(OTHER_PAYLOAD) };
    let refused = sign_once(&journal, &key("k", XPRV), &reference, PAYLOAD).await.unwrap_err();
    assert!(matches!(refused, SignOnceError::ReferenceMismatch));
    assert_eq!(events(&journal), [""; 0]);
}

#[tokio::test]
async fn the_high_s_twin_of_a_good_signature_is_refused() {
    let signed = signature_by(XPRV, PAYLOAD).await;
    let public_key = PublicKey::from_hex(PUBLIC_KEY).unwrap();
    assert_eq!(verify(&public_key, PAYLOAD, &signed), Ok(()));
    assert_eq!(verify(&public_key, PAYLOAD, &high_s_twin(&signed)), Err(VerifyFailure::HighS));
    assert_eq!(high_s_twin(&high_s_twin(&signed)), signed);
}
