//! Which files hold a venue's key, and what becomes of the one in use when the file changes.

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

/// An RSA key of 1024 bits.
const SHORT: &str = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQChpnc70/vqpaQlNotc4iKO1Z2l
X7eoYsqU0SxZ8b/nCntwXmvaIZEFlxf7zdVJMfB0w6bR9/W4D5iYNWwF1avc7t1r
e7rZ1Z9KsVBmWymJyqyhXB0jDIRnU6j5U+xrX2ufEjcZKcvAbc0H089GJF0ZllzW
Wz/Fmqo5LOtp0ZVGqQIDAQAB
-----END PUBLIC KEY-----
";

fn rsa() -> KeyPair {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap()
}

fn jwk(key: &KeyPair, id: &str) -> Value {
    let key = EncodingKey::from_rsa_pem(key.serialize_pem().as_bytes()).unwrap();
    let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap()).unwrap();
    jwk["kid"] = json!(id);
    jwk
}

fn parsed(file: &VenueKeyFile, content: &str) -> Vec<Option<String>> {
    parse(file, content.as_bytes()).map(|keys| keys.into_iter().map(|key| key.id).collect()).unwrap_or_default()
}

#[test]
fn only_an_rsa_public_key_of_enough_bits_is_taken_from_pem() {
    let file = VenueKeyFile::Pem(PathBuf::from("key.pem"));
    let key = rsa();
    assert_eq!(parsed(&file, &key.public_key_pem()), [None]);
    let elliptic = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    for bad in [key.serialize_pem(), elliptic.public_key_pem(), SHORT.to_owned(), String::new(), "PUBLIC KEY-----".to_owned()] {
        assert!(parsed(&file, &bad).is_empty(), "{bad}");
    }
}

#[test]
fn a_set_gives_its_keys_for_rs256_and_passes_over_the_others() {
    let file = VenueKeyFile::Jwks(PathBuf::from("keys.jwks"));
    let key = rsa();
    let changed = |name: &str, value: &str| {
        let mut other = jwk(&key, name);
        other[name] = json!(value);
        other
    };
    let set = json!({ "keys": [
        jwk(&key, "good"), changed("use", "enc"), changed("alg", "RS512"), changed("n", "AQAB"),
        { "kty": "oct", "kid": "secret", "k": "c2VjcmV0" }, { "kty": "OKP", "crv": "Ed25519", "x": "AAAA", "kid": "other" },
    ]});
    assert_eq!(parsed(&file, &set.to_string()), [Some("good".to_owned())]);
    let many: Vec<Value> = (0..=MAX_KEYS).map(|n| jwk(&key, &n.to_string())).collect();
    for bad in [json!({ "keys": [] }), json!({}), json!({ "keys": many }), json!("keys")] {
        assert!(parsed(&file, &bad.to_string()).is_empty());
    }
}

#[test]
fn a_changed_file_takes_the_old_keys_place_and_garbage_does_not() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("key.pem");
    let write = |content: &str| std::fs::write(&path, content).unwrap();
    write("garbage");
    assert!(matches!(VenueKey::open(VenueKeyFile::Pem(path.clone())), Err(VenueKeyError::NoKey(_))));
    write(&rsa().public_key_pem());
    let key = VenueKey::open(VenueKeyFile::Pem(path.clone())).unwrap();
    assert_eq!(key.reload().unwrap(), KeyReload::Unchanged);
    let first = key.current();
    write("garbage");
    assert!(matches!(key.reload(), Err(VenueKeyError::NoKey(_))));
    assert_eq!(key.reload().unwrap(), KeyReload::Unchanged, "each content is complained of once");
    assert!(Arc::ptr_eq(&first, &key.current()), "the last good key stays");
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(key.reload(), Err(VenueKeyError::Read { .. })));
    write(&rsa().public_key_pem());
    assert_eq!(key.reload().unwrap(), KeyReload::Replaced);
    assert!(!Arc::ptr_eq(&first, &key.current()));
}
