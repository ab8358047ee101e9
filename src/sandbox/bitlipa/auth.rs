//! Bitlipa's request signatures.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::sandbox::desk::Desk;
use crate::sandbox::exchange::Asked;

use super::refusal::Refusal;

/// How far a request's time may lie from ours, either way.
const TOLERANCE_SECONDS: u64 = 300;

/// Holds a request against the one credential.
///
/// # Errors
/// 401 for another key, a missing header, a time out of tolerance or a signature that does not verify.
pub(crate) fn authenticate(desk: &Desk, asked: &Asked) -> Result<(), Refusal> {
    let nonce = asked.header("x-bitlipa-nonce");
    let is_v4 = Uuid::try_parse(nonce).is_ok_and(|nonce| nonce.get_version_num() == 4);
    if asked.header("authorization") != desk.config.bitlipa_api_key || !is_v4 {
        return Err(Refusal::of("unauthorized"));
    }
    let timestamp = asked.header("x-bitlipa-timestamp");
    let at: i64 = timestamp.parse().map_err(|_| Refusal::of("unauthorized"))?;
    if at.abs_diff(desk.unmoved_ms().div_euclid(1000)) > TOLERANCE_SECONDS {
        return Err(Refusal::of("timestamp_expired"));
    }
    let (path, query) = (asked.uri.path(), asked.uri.query().unwrap_or_default());
    let mac = mac(desk.config.bitlipa_secret.expose(), timestamp, asked.method.as_str(), path, query, &asked.body);
    let given = base16ct::lower::decode_vec(asked.header("x-bitlipa-signature")).ok();
    let verified = mac.zip(given).is_some_and(|(mac, given)| mac.verify_slice(&given).is_ok());
    if verified { Ok(()) } else { Err(Refusal::of("invalid_signature")) }
}

/// All four separators are always there; the body is the bytes that were sent.
fn mac(key: &[u8], timestamp: &str, method: &str, path: &str, query: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(format!("{timestamp}\n{method}\n{path}\n{query}\n").as_bytes());
    mac.update(body);
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = concat!(
        r#"{"source_amount":100000,"source_currency":"KES","destination_currency":"USDT","external_merchant_id":"merchant_123","#,
        r#""chain":"eip155:137","wallet_address":"0x742d35Cc6634C0532925a3b844Bc454e4438f44e"}"#,
    );

    fn hex(method: &str, path: &str, body: &str) -> String {
        let mac = mac(b"sk_live_xxx", "1700000000", method, path, "", body.as_bytes()).unwrap();
        base16ct::lower::encode_string(&mac.finalize().into_bytes())
    }

    #[test]
    fn both_check_values_are_met() {
        assert_eq!(hex("POST", "/api/v1/settlements", BODY), "33aac717fe9217194cf10433ddaacef7be156481a2d08d679e56e2463c186cce");
        assert_eq!(
            hex("GET", "/api/v1/settlements/tx_abc123def456", ""),
            "0aa6cd31919100e2bcf11de8badcc06984c07be4cd912a3d8dab39013282ca34"
        );
    }
}
