//! BitGo's `encryptedPrv`: a key under a passphrase, in the two formats that are in use.

use serde::Deserialize;
use thiserror::Error;

use crate::secret::Secret;

mod argon;
mod base64;
mod sjcl;
mod unescape;

/// The longest envelope; real ones have under a thousand bytes.
pub const MAX_ENVELOPE_BYTES: usize = 1024 * 1024;

/// Why an envelope stays closed. Neither content nor passphrase is ever repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EnvelopeError {
    /// The envelope is longer than [`MAX_ENVELOPE_BYTES`].
    #[error("the envelope is longer than {MAX_ENVELOPE_BYTES} bytes")]
    TooLong,
    /// Not JSON, a field is missing, or one has the wrong type.
    #[error("not an encryptedPrv")]
    Malformed,
    /// The format's version is neither 1 nor 2.
    #[error("the encryptedPrv has an unknown version")]
    UnknownVersion,
    /// A field's value is outside what BitGo's own software takes.
    #[error("the encryptedPrv's field {field} is outside its limits")]
    OutOfLimits {
        /// The field's name.
        field: &'static str,
    },
    /// A field is not base64.
    #[error("the encryptedPrv's field {field} is not base64")]
    NotBase64 {
        /// The field's name.
        field: &'static str,
    },
    /// The passphrase is empty: most likely it was not configured.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// The passphrase does not open the envelope, or the envelope was altered: the format cannot tell which.
    #[error("the passphrase does not open it, or it was altered")]
    WrongPassphrase,
}

#[derive(Deserialize)]
struct Version {
    v: Option<u64>,
}

/// Opens an envelope. Passphrases are taken byte for byte, without Unicode normalisation.
///
/// It costs from 2 ms to a second and up to 256 MiB: do it once, at start.
///
/// # Errors
/// [`EnvelopeError`]; [`EnvelopeError::WrongPassphrase`] alone says that the form was right.
pub fn open(text: &[u8], passphrase: &Secret) -> Result<Secret, EnvelopeError> {
    if text.len() > MAX_ENVELOPE_BYTES {
        return Err(EnvelopeError::TooLong);
    }
    if passphrase.expose().is_empty() {
        return Err(EnvelopeError::EmptyPassphrase);
    }
    match parse::<Version>(text)?.v {
        None | Some(1) => sjcl::open(&parse(text)?, passphrase),
        Some(2) => argon::open(&parse(text)?, passphrase),
        Some(_) => Err(EnvelopeError::UnknownVersion),
    }
}

/// The parser's own message is dropped, since it may repeat what it read.
fn parse<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, EnvelopeError> {
    serde_json::from_slice(text).map_err(|_| EnvelopeError::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const PLAINTEXT: &str =
        "xprv9s21ZrQH143K3EuPWCBuqnWxydaQV6et9htQige4EswvcHKEzNmkVmwTwKoadyHzJYppuADB7Us7AbaNLToNvoFoSxuWqndQRYtnNy5DUY2";

    fn older() -> Value {
        json!({
            "iv": "RUNJ5CLwUpcZHq0T4h09tQ==", "v": 1, "iter": 10000, "ks": 256, "ts": 64, "mode": "ccm", "adata": "",
            "cipher": "aes", "salt": "RUNJ5CLwUpc=",
            "ct": "zKApdqnLE/676TMb2nNuaAJaaDpamD0D0L+rINoeuIKQjpTb66z1bSrrChUO5zanNC/zp7/XLwV5JzIO0goJmyHiTeb4PngWvYhrG/PuE475k39djf+uomT4/U+SRgDRCLbfjEQA3KFrkfEL/mvA8zO+CvR0JfE="
        })
    }

    fn newer() -> Value {
        json!({
            "v": 2, "m": 64, "t": 1, "p": 1, "salt": "RUNJ5CLwUpcZHq0T4h09tQ==", "iv": "RUNJ5CLwUpcZHq0T",
            "ct": "5aolP4RtVdt+d9PNq1nfwMgr+4yNDO18+aGgpcNkRMmP36S9MTZ9Y2KmcGT/gLMMKpH8nnzhKgX1iUJ/mWcpob1T/Gq6kaGVv9+v1CPUR0C2rSgudmMO/8RqSQHOee9VE9gcYFFXtP4v/GtSsB2StDBQRbybrIFL4XUz7WId0A=="
        })
    }

    fn open_with(mut envelope: Value, field: &str, value: Value) -> Result<Secret, EnvelopeError> {
        envelope[field] = value;
        open(envelope.to_string().as_bytes(), &Secret::from_text("pw".to_owned()))
    }

    #[test]
    fn both_formats_open_with_and_without_padding() {
        for mut envelope in [older(), newer()] {
            let padded = envelope["ct"].as_str().unwrap().to_owned();
            for ct in [padded.as_str(), padded.trim_end_matches('=')] {
                envelope["ct"] = ct.into();
                let opened = open_with(envelope.clone(), "extra", Value::Null).unwrap();
                assert_eq!(opened.expose_text(), Some(PLAINTEXT));
            }
        }
    }

    #[test]
    fn a_value_outside_bitgos_limits_is_refused_before_any_work() {
        let older_cases = [
            ("mode", json!("gcm")),
            ("cipher", json!("des")),
            ("iter", json!(0)),
            ("iter", json!(100)),
            ("iter", json!(100_001)),
            ("ks", json!(64)),
            ("ks", json!(0)),
            ("ts", json!(0)),
            ("ts", json!(72)),
            ("iv", json!("RUNJ5CLw")),
            ("iv", json!("RUNJ5CLwUpcZHq0T4h09tUk=")),
            ("ct", json!("AAAA")),
            ("adata", json!("%uD83D")),
        ];
        let newer_cases = [
            ("m", json!(7)),
            ("m", json!(262_145)),
            ("t", json!(0)),
            ("t", json!(17)),
            ("p", json!(0)),
            ("p", json!(17)),
            ("iv", json!("RUNJ5CLwUpcZHq0TAA==")),
            ("salt", json!("AAAA")),
        ];
        for (envelope, (field, value)) in
            older_cases.map(|case| (older(), case)).into_iter().chain(newer_cases.map(|case| (newer(), case)))
        {
            let refused = open_with(envelope, field, value.clone()).unwrap_err();
            assert_eq!(refused, EnvelopeError::OutOfLimits { field }, "{value}");
        }
    }

    #[test]
    fn more_lanes_than_the_memory_holds_are_refused() {
        assert!(open_with(newer(), "p", json!(9)).is_err_and(|error| error == EnvelopeError::OutOfLimits { field: "m" }));
        assert_eq!(open_with(newer(), "p", json!(8)).unwrap_err(), EnvelopeError::WrongPassphrase);
    }

    #[test]
    fn a_changed_iteration_count_within_the_limits_is_only_a_wrong_key() {
        for iterations in [101, 100_000] {
            assert_eq!(open_with(older(), "iter", json!(iterations)).unwrap_err(), EnvelopeError::WrongPassphrase);
        }
    }

    #[test]
    fn altered_associated_data_or_salts_do_not_open() {
        for (envelope, field, value) in
            [(older(), "adata", "x"), (newer(), "adata", "x"), (newer(), "hkdfSalt", "AAAA"), (older(), "salt", "AAAA")]
        {
            assert_eq!(open_with(envelope, field, json!(value)).unwrap_err(), EnvelopeError::WrongPassphrase, "{field}");
        }
    }

    #[test]
    fn unknown_versions_wrong_types_and_no_base64_are_told_apart() {
        for version in [0, 3] {
            assert_eq!(open_with(older(), "v", json!(version)).unwrap_err(), EnvelopeError::UnknownVersion);
        }
        for (field, value) in
            [("v", json!("2")), ("m", json!(64.5)), ("m", json!(-1)), ("t", json!(4_294_967_296_u64)), ("ct", json!(null))]
        {
            assert_eq!(open_with(newer(), field, value).unwrap_err(), EnvelopeError::Malformed, "{field}");
        }
        for field in ["salt", "iv", "ct", "hkdfSalt"] {
            assert_eq!(open_with(newer(), field, json!("*")).unwrap_err(), EnvelopeError::NotBase64 { field });
        }
    }

    #[test]
    fn a_field_that_is_there_twice_is_refused() {
        let twice = older().to_string().replacen('{', r#"{"iter":20000,"#, 1);
        assert_eq!(open(twice.as_bytes(), &Secret::from_text("pw".to_owned())).unwrap_err(), EnvelopeError::Malformed);
    }

    #[test]
    fn an_overlong_envelope_is_not_even_parsed() {
        let long = vec![b' '; MAX_ENVELOPE_BYTES + 1];
        assert_eq!(open(&long, &Secret::from_text("pw".to_owned())).unwrap_err(), EnvelopeError::TooLong);
    }

    fn field_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            (0..300_u32).prop_map(|number| json!(number)),
            "[A-Za-z0-9+/=%u]{0,40}".prop_map(|text| json!(text)),
            Just(Value::Null),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            prop_assert!(open(&bytes, &Secret::from_text("pw".to_owned())).is_err());
        }

        #[test]
        fn no_fields_make_it_panic(
            is_newer in any::<bool>(),
            at in proptest::sample::select(vec!["iv", "salt", "ct", "iter", "ks", "ts", "adata", "m", "t", "p", "hkdfSalt"]),
            value in field_value(),
        ) {
            let _ = open_with(if is_newer { newer() } else { older() }, at, value);
        }

        #[test]
        fn no_flipped_bit_of_the_ciphertext_opens(is_newer in any::<bool>(), at in 0..100_usize, bit in 0..8_u32) {
            let envelope = if is_newer { newer() } else { older() };
            let mut ct = base64::decode("ct", envelope["ct"].as_str().unwrap()).unwrap();
            ct[at] ^= 1 << bit;
            let text = <base64ct::Base64 as base64ct::Encoding>::encode_string(&ct);
            prop_assert_eq!(open_with(envelope, "ct", json!(text)).unwrap_err(), EnvelopeError::WrongPassphrase);
        }
    }
}
