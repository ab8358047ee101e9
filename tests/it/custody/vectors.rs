//! What BitGo's own software signed and sealed comes out byte for byte.

use serde_json::Value;
use settlement_gateway::custody::envelope::{self, EnvelopeError};
use settlement_gateway::custody::{message_digest, read_xpub, sign_once, verify};
use settlement_gateway::domain::ids::KeyId;
use settlement_gateway::domain::signing::{PayloadDigest, PublicKey, SigningReference};
use settlement_gateway::secret::Secret;

use super::journal::MemoryJournal;
use super::key;

const SIGN: &str = include_str!("../../golden/sign.json");
const ENCRYPTED_PRV: &str = include_str!("../../golden/encrypted_prv.json");
const SJCL_SIZES: &str = include_str!("../../golden/sjcl_sizes.json");

fn list(file: &str, name: &str) -> Vec<Value> {
    let Value::Object(mut file) = serde_json::from_str(file).unwrap() else { panic!("a golden file is an object") };
    let Some(Value::Array(list)) = file.remove(name) else { panic!("{name} is a list") };
    list
}

fn text<'a>(vector: &'a Value, field: &str) -> &'a str {
    vector[field].as_str().unwrap_or_else(|| panic!("{field} is a text in {vector}"))
}

fn secret(vector: &Value, field: &str) -> Secret {
    Secret::from_text(text(vector, field).to_owned())
}

fn payload(vector: &Value) -> String {
    if let Some(hex) = vector["payload_utf8_hex"].as_str() {
        return String::from_utf8(base16ct::mixed::decode_vec(hex).unwrap()).unwrap();
    }
    match vector["payload_repeat"].as_object() {
        Some(repeat) => repeat["unit"].as_str().unwrap().repeat(repeat["count"].as_u64().unwrap().try_into().unwrap()),
        None => text(vector, "payload").to_owned(),
    }
}

#[tokio::test]
async fn every_signature_of_bitgos_sdk_comes_out_byte_for_byte() {
    let vectors = list(SIGN, "vectors");
    assert_eq!(vectors.len(), 53);
    for vector in vectors {
        let name = text(&vector, "name");
        let payload = payload(&vector);
        let digest = PayloadDigest::of(&payload);
        assert_eq!(digest.to_hex(), text(&vector, "payload_sha256"), "{name}");
        assert_eq!(base16ct::lower::encode_string(&message_digest(&payload)), text(&vector, "magic_hash"), "{name}");
        let key = key("golden", text(&vector, "xprv"));
        let reference = SigningReference::Raw { key: KeyId::new("golden").unwrap(), digest };
        let signed = sign_once(&MemoryJournal::default(), &key, &reference, &payload).await.unwrap();
        assert_eq!(signed.signature.to_hex(), text(&vector, "signature"), "{name}");
        assert_eq!(signed.public_key.to_hex(), text(&vector, "pubkey"), "{name}");
        assert_eq!(verify(&signed.public_key, &payload, &signed.signature), Ok(()), "{name}");
    }
}

#[test]
fn both_forms_of_each_golden_key_have_one_public_half() {
    for golden in list(SIGN, "keys") {
        let public_key = PublicKey::from_hex(text(&golden, "pubkey")).unwrap();
        assert_eq!(key("golden", text(&golden, "xprv")).public_key(), public_key);
        assert_eq!(read_xpub(text(&golden, "xpub")), Ok(public_key));
    }
}

#[test]
fn every_envelope_of_bitgos_software_opens() {
    let vectors = list(ENCRYPTED_PRV, "vectors");
    assert_eq!(vectors.len(), 26);
    for vector in vectors {
        let opened = envelope::open(text(&vector, "envelope").as_bytes(), &secret(&vector, "password"));
        let name = text(&vector, "name");
        assert!(
            opened.unwrap_or_else(|error| panic!("{name}: {error}")).expose() == text(&vector, "plaintext").as_bytes(),
            "{name}"
        );
    }
}

#[test]
fn every_envelope_that_bitgos_software_refuses_is_refused_for_its_reason() {
    let expected = [
        ("v1-wrong-password", EnvelopeError::WrongPassphrase),
        ("v1-flipped-ct-bit", EnvelopeError::WrongPassphrase),
        ("v1-iter-100", EnvelopeError::OutOfLimits { field: "iter" }),
        ("v1-adata-tampered", EnvelopeError::WrongPassphrase),
        ("not-json", EnvelopeError::Malformed),
        ("v2-m-too-big", EnvelopeError::OutOfLimits { field: "m" }),
        ("empty-password", EnvelopeError::EmptyPassphrase),
        ("v1-iter-100001", EnvelopeError::OutOfLimits { field: "iter" }),
    ];
    let rejects = list(ENCRYPTED_PRV, "rejects");
    assert_eq!(rejects.len(), expected.len());
    for (reject, (name, reason)) in rejects.iter().zip(expected) {
        assert_eq!(text(reject, "name"), name);
        let refused = envelope::open(text(reject, "envelope").as_bytes(), &secret(reject, "password"));
        assert_eq!(refused.unwrap_err(), reason, "{name}");
    }
}

#[test]
fn a_passphrase_is_not_normalised() {
    let vectors = list(ENCRYPTED_PRV, "vectors");
    let decomposed = vectors.iter().find(|vector| text(vector, "name") == "v1-sdk-nfd-password").unwrap();
    let refused = envelope::open(text(decomposed, "envelope").as_bytes(), &Secret::from_text("caf\u{e9}".to_owned()));
    assert_eq!(refused.unwrap_err(), EnvelopeError::WrongPassphrase);
}

#[test]
fn every_key_tag_and_iv_size_of_sjcl_opens_and_so_does_escaped_associated_data() {
    let sizes: Value = serde_json::from_str(SJCL_SIZES).unwrap();
    let envelopes = list(SJCL_SIZES, "envelopes");
    assert_eq!(envelopes.len(), 96);
    for sealed in envelopes {
        let opened = envelope::open(sealed.as_str().unwrap().as_bytes(), &secret(&sizes, "password"));
        assert_eq!(opened.unwrap().expose_text(), Some(text(&sizes, "plaintext")), "{sealed}");
    }
}
