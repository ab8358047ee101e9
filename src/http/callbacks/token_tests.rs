//! Every way in which a token can prove nothing.

use std::sync::OnceLock;

use jsonwebtoken::{DecodingKey, EncodingKey, Header, encode};
use proptest::prelude::*;
use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_773_835_200;

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn new_key() -> KeyPair {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap()
}

fn venue() -> &'static KeyPair {
    static KEY: OnceLock<KeyPair> = OnceLock::new();
    KEY.get_or_init(new_key)
}

fn stranger() -> &'static KeyPair {
    static KEY: OnceLock<KeyPair> = OnceLock::new();
    KEY.get_or_init(new_key)
}

fn named(id: Option<&str>, key: &KeyPair) -> NamedKey {
    let key = DecodingKey::from_rsa_pem(key.public_key_pem().as_bytes()).unwrap();
    NamedKey { id: id.map(str::to_owned), key }
}

fn rules() -> TokenRules {
    let seconds = Duration::from_secs;
    let (issuer, audience) = (Some("bitgo".to_owned()), Some("gateway".to_owned()));
    TokenRules { issuer, audience, max_lifetime: seconds(60), clock_tolerance: seconds(10) }
}

fn claims() -> Value {
    json!({ "iss": "bitgo", "aud": ["other", "gateway"], "iat": NOW, "exp": NOW + 60, "jti": "j-1", "more": { "a": 1.5 } })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn signing(key: &KeyPair) -> EncodingKey {
    EncodingKey::from_rsa_pem(key.serialize_pem().as_bytes()).unwrap()
}

fn signed(claims: &Value) -> String {
    encode(&Header::new(Algorithm::RS256), claims, &signing(venue())).unwrap()
}

fn verified(token: &str) -> Result<String, Refusal> {
    verify(token, &[named(None, venue())], &rules(), now())
}

fn base64(text: &str) -> String {
    // What the library writes for a text is the middle part of a token that it signs.
    let token =
        encode(&Header::new(Algorithm::HS256), &serde_json::from_str::<Value>(text).unwrap(), &EncodingKey::from_secret(b"x"));
    token.unwrap().split('.').nth(1).unwrap().to_owned()
}

#[test]
fn a_fresh_token_of_the_venue_gives_its_one_time_id() {
    assert_eq!(verified(&signed(&claims())).as_deref(), Ok("j-1"));
    assert_eq!(verified(&signed(&with("aud", json!("gateway")))).as_deref(), Ok("j-1"));
}

#[test]
fn claims_that_are_not_as_they_must_be_are_refused() {
    for (claims, refusal) in [
        (without("exp"), Refusal::Claims),
        (without("iat"), Refusal::Claims),
        (without("jti"), Refusal::Claims),
        (with("jti", json!("")), Refusal::Claims),
        (with("jti", json!(7)), Refusal::Claims),
        (with("jti", json!("x".repeat(MAX_JTI_BYTES + 1))), Refusal::Claims),
        (with("exp", json!("soon")), Refusal::Claims),
        (with("exp", json!(i64::MAX)), Refusal::Claims),
        (with("iat", json!(i64::MIN)), Refusal::Claims),
        (without("iss"), Refusal::Parties),
        (with("iss", json!("bitgo.example")), Refusal::Parties),
        (without("aud"), Refusal::Parties),
        (with("aud", json!(["other"])), Refusal::Parties),
        (with("exp", json!(NOW + 61)), Refusal::Lifetime),
        (with("exp", json!(4_000_000_000_i64)), Refusal::Lifetime),
    ] {
        assert_eq!(verified(&signed(&claims)), Err(refusal), "{claims}");
    }
}

#[test]
fn a_token_is_good_from_its_beginning_to_its_end_and_the_tolerance_around_them() {
    let lived = |from: i64, to: i64| {
        let mut claims = with("iat", json!(from));
        claims["exp"] = json!(to);
        verified(&signed(&claims)).err()
    };
    assert_eq!(lived(NOW - 60, NOW - 9), None);
    assert_eq!(lived(NOW - 60, NOW - 10), Some(Refusal::Expired));
    assert_eq!(lived(NOW + 10, NOW + 20), None);
    assert_eq!(lived(NOW + 11, NOW + 20), Some(Refusal::Early));
    assert_eq!(lived(NOW, NOW - 3_600), Some(Refusal::Expired));
    assert_eq!(verified(&signed(&with("nbf", json!(NOW + 11)))), Err(Refusal::Early));
}

#[test]
fn no_other_algorithm_than_rs256_is_followed() {
    let public = venue().public_key_pem();
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        for secret in [public.as_bytes(), venue().public_key_raw(), b""] {
            let token = encode(&Header::new(algorithm), &claims(), &EncodingKey::from_secret(secret)).unwrap();
            assert_eq!(verified(&token), Err(Refusal::Algorithm), "the public key as a secret");
        }
    }
    for algorithm in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256] {
        let token = encode(&Header::new(algorithm), &claims(), &signing(venue())).unwrap();
        assert_eq!(verified(&token), Err(Refusal::Algorithm), "{algorithm:?}");
    }
    let good = signed(&claims());
    let [_, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!() };
    for none in [r#"{"alg":"none"}"#, r#"{"alg":"None"}"#, r#"{"alg":""}"#, r#"{"typ":"JWT"}"#] {
        for signature in ["", signature] {
            let token = format!("{}.{payload}.{signature}", base64(none));
            assert_eq!(verified(&token), Err(Refusal::Malformed), "{none}");
        }
    }
}

#[test]
fn what_the_header_says_of_keys_is_never_followed() {
    let theirs = jsonwebtoken::jwk::Jwk::from_encoding_key(&signing(stranger()), Algorithm::RS256).unwrap();
    let kids = ["../../etc/passwd", "venue.pem", "' OR 1=1 --", "http://evil.example/key", "", "\u{0}"];
    let mut headers: Vec<Header> =
        kids.iter().map(|kid| Header { kid: Some((*kid).to_owned()), ..Header::new(Algorithm::RS256) }).collect();
    headers.push(Header { jwk: Some(theirs), ..Header::new(Algorithm::RS256) });
    headers.push(Header { jku: Some("https://evil.example/jwks".to_owned()), ..Header::new(Algorithm::RS256) });
    headers.push(Header { x5u: Some("https://evil.example/cert".to_owned()), ..Header::new(Algorithm::RS256) });
    for header in headers {
        let token = encode(&header, &claims(), &signing(stranger())).unwrap();
        assert_eq!(verified(&token), Err(Refusal::Signature), "{header:?}");
    }
    let critical = Header { crit: Some(vec!["exp".to_owned()]), ..Header::new(Algorithm::RS256) };
    assert_eq!(verified(&encode(&critical, &claims(), &signing(venue())).unwrap()), Err(Refusal::Algorithm));
}

#[test]
fn a_kid_chooses_among_the_keys_that_are_configured() {
    let keys = [named(Some("old"), stranger()), named(Some("new"), venue())];
    let by = |kid: Option<&str>, key: &KeyPair| {
        let header = Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::RS256) };
        verify(&encode(&header, &claims(), &signing(key)).unwrap(), &keys, &rules(), now()).err()
    };
    assert_eq!((by(Some("new"), venue()), by(Some("old"), stranger()), by(None, venue())), (None, None, None));
    assert_eq!((by(Some("old"), venue()), by(Some("gone"), venue())), (Some(Refusal::Signature), Some(Refusal::Signature)));
}

#[test]
fn what_is_no_token_is_refused() {
    let good = signed(&claims());
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!() };
    for text in ["", ".", "..", "...", "a.b.c", "null", header, &good[..good.len() / 2], &format!("Bearer {good}")] {
        assert!(verified(text).is_err(), "{text}");
    }
    assert!(verified(&format!("{good}.{signature}")).is_err());
    assert!(verified(&format!("{good}=")).is_err());
    assert!(verified(&format!("{header}.{payload}.")).is_err());
    assert_eq!(verified(&"x".repeat(MAX_TOKEN_BYTES + 1)), Err(Refusal::Malformed));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_token_with_one_byte_changed_proves_nothing(place in any::<prop::sample::Index>(), byte in 0x20_u8..0x7f) {
        let good = signed(&claims());
        let mut bytes = good.clone().into_bytes();
        let place = place.index(bytes.len());
        prop_assume!(bytes[place] != byte);
        bytes[place] = byte;
        prop_assert!(verified(&String::from_utf8(bytes).unwrap()).is_err());
    }

    #[test]
    fn no_text_breaks_the_verifier(text in "\\PC{0,300}", parts in prop::collection::vec("[A-Za-z0-9_-]{0,80}", 0..5)) {
        prop_assert!(verified(&text).is_err());
        prop_assert!(verified(&parts.join(".")).is_err());
    }
}
