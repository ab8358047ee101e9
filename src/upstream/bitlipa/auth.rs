//! Bitlipa's request signing: an HMAC over timestamp, method, path, query and body.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use sha2::Sha256;
use uuid::Uuid;

use crate::secret::Secret;
use crate::upstream::header::{plain, sensitive, unusable};
use crate::upstream::http::CallError;

/// The headers of one request: the key, when it was signed, a nonce that no other request has, and the signature.
///
/// The nonce is no part of what is signed: that is the venue's design (seed 004).
pub(super) fn headers(
    api_key: &Secret,
    api_secret: &Secret,
    method: &Method,
    url: &Url,
    body: &[u8],
    now: Timestamp,
) -> Result<Vec<(HeaderName, HeaderValue)>, CallError> {
    let seconds = now.as_second().to_string();
    let signature = signature(api_secret, &seconds, method, url, body).ok_or_else(unusable)?;
    Ok(vec![
        (AUTHORIZATION, sensitive(api_key.expose())?),
        (HeaderName::from_static("x-bitlipa-timestamp"), plain(&seconds)?),
        (HeaderName::from_static("x-bitlipa-nonce"), plain(&Uuid::new_v4().to_string())?),
        (HeaderName::from_static("x-bitlipa-signature"), plain(&signature)?),
    ])
}

/// Lower-case hex over `timestamp\nMETHOD\npath\nquery\nbody`; all four line feeds are always there.
/// `None` never comes: an HMAC takes a key of any length.
fn signature(api_secret: &Secret, seconds: &str, method: &Method, url: &Url, body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(api_secret.expose()).ok()?;
    mac.update(format!("{seconds}\n{method}\n{}\n{}\n", url.path(), url.query().unwrap_or_default()).as_bytes());
    mac.update(body);
    Some(base16ct::lower::encode_string(&mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"source_amount":100000,"source_currency":"KES","destination_currency":"USDT","external_merchant_id":"merchant_123","chain":"eip155:137","wallet_address":"0x742d35Cc6634C0532925a3b844Bc454e4438f44e"}"#;

    fn signed(method: Method, path: &str, body: &str) -> String {
        let secret = Secret::from_text("sk_live_xxx".to_owned());
        let url = Url::parse("https://api.bitlipa.com").unwrap().join(path).unwrap();
        signature(&secret, "1700000000", &method, &url, body.as_bytes()).unwrap()
    }

    #[test]
    fn the_documented_requests_have_their_documented_signatures() {
        assert_eq!(
            signed(Method::POST, "/api/v1/settlements", BODY),
            "33aac717fe9217194cf10433ddaacef7be156481a2d08d679e56e2463c186cce"
        );
        assert_eq!(
            signed(Method::GET, "/api/v1/settlements/tx_abc123def456", ""),
            "0aa6cd31919100e2bcf11de8badcc06984c07be4cd912a3d8dab39013282ca34"
        );
    }

    #[test]
    fn every_part_is_signed() {
        let usual = signed(Method::GET, "/a", "");
        for other in [
            signed(Method::POST, "/a", ""),
            signed(Method::GET, "/b", ""),
            signed(Method::GET, "/a?q", ""),
            signed(Method::GET, "/a", "x"),
        ] {
            assert_ne!(usual, other);
        }
    }

    #[test]
    fn nonces_differ_and_the_key_is_hidden_from_logs() {
        let secret = Secret::from_text("key".to_owned());
        let url = Url::parse("https://api.bitlipa.com/a").unwrap();
        let once = || headers(&secret, &secret, &Method::GET, &url, b"", Timestamp::UNIX_EPOCH).unwrap();
        assert_ne!(once()[2].1, once()[2].1);
        assert!(once()[0].1.is_sensitive());
    }
}
