//! Until when a certificate is valid: the one field of X.509 that an operator forgets.
//!
//! Only the way to that field is read (RFC 5280, 4.1): whether a certificate
//! is good for anything is for TLS to say.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// The explicit tag of the version.
const VERSION: u8 = 0xa0;

/// The end of a certificate's validity; `None` for what is no certificate.
pub(super) fn not_after(certificate: &[u8]) -> Option<Timestamp> {
    let (outer, _) = element(certificate, SEQUENCE)?;
    let (signed, _) = element(outer, SEQUENCE)?;
    let after_version = element(signed, VERSION).map_or(signed, |(_, rest)| rest);
    let (_, rest) = element(after_version, INTEGER)?;
    let (_, rest) = element(rest, SEQUENCE)?;
    let (_, rest) = element(rest, SEQUENCE)?;
    let (validity, _) = element(rest, SEQUENCE)?;
    let (_, rest) = instant(validity)?;
    instant(rest).map(|(at, _)| at)
}

/// The content of the element that comes first, if it has this tag, and what comes after it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (octets, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            (octets.iter().fold(0_usize, |length, octet| (length << 8) | usize::from(*octet)), rest)
        }
        _ => return None,
    };
    if found == tag { rest.split_at_checked(length) } else { None }
}

fn instant(bytes: &[u8]) -> Option<(Timestamp, &[u8])> {
    if let Some((text, rest)) = element(bytes, GENERALIZED_TIME) {
        return Some((parsed(std::str::from_utf8(text).ok()?)?, rest));
    }
    let (text, rest) = element(bytes, UTC_TIME)?;
    let text = std::str::from_utf8(text).ok()?;
    // Two digits of the year: those from 50 on are of the century before.
    let century = if text.get(..1)? >= "5" { "19" } else { "20" };
    Some((parsed(&format!("{century}{text}"))?, rest))
}

fn parsed(text: &str) -> Option<Timestamp> {
    let civil = DateTime::strptime("%Y%m%d%H%M%SZ", text).ok()?;
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn until(year: i32) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, 5, 6);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn the_end_is_read_in_both_forms_of_time() {
        assert_eq!(not_after(&until(2031)), Some("2031-05-06T00:00:00Z".parse().unwrap()));
        assert_eq!(not_after(&until(2060)), Some("2060-05-06T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn no_cut_and_no_flipped_byte_makes_it_panic() {
        let good = until(2031);
        for at in 0..good.len() {
            let _ = not_after(&good[..at]);
            let mut bent = good.clone();
            bent[at] ^= 0xff;
            let _ = not_after(&bent);
        }
        assert_eq!(not_after(&good[..40]), None);
        assert_eq!(not_after(b""), None);
    }
}
