//! How long certificates still hold: those that listeners show, and the authorities that others are verified by.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::check::{Check, Topic};
use super::validity::not_after;
use crate::config::{Config, read_certificates};

/// From when on a renewal is due.
const DUE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Every file of certificates that the configuration names, once.
pub(super) fn look(config: &Config, now: Timestamp) -> Vec<Check> {
    let files = files(config);
    if files.is_empty() {
        return vec![Check::skipped(Topic::Certificates, "all listeners and venues", "the configuration names no certificates")];
    }
    files.iter().map(|file| judged(file, ends(file), now)).collect()
}

fn files(config: &Config) -> Vec<PathBuf> {
    let grpc = config.grpc.tls.iter().flat_map(|tls| [Some(&tls.certificate_file), tls.client_ca_file.as_ref()]);
    let callbacks = config.callbacks.iter().filter_map(|callbacks| callbacks.tls.as_ref());
    let venues = config.enterprises.iter().map(|enterprise| enterprise.ca_file.as_ref());
    let bitlipa = config.bitlipa.iter().map(|bitlipa| bitlipa.ca_file.as_ref());
    let all = grpc.chain(callbacks.map(|tls| Some(&tls.certificate_file))).chain(venues).chain(bitlipa);
    let mut files: Vec<PathBuf> = all.flatten().cloned().collect();
    files.sort();
    files.dedup();
    files
}

/// The ends of all certificates of a file; `None` where one of them cannot be read.
fn ends(file: &Path) -> Option<Vec<Timestamp>> {
    let pem = read_certificates(file).ok()?;
    CertificateDer::pem_slice_iter(&pem).map(|certificate| not_after(&certificate.ok()?)).collect()
}

/// A file is as good as the certificate of it that ends first.
fn judged(file: &Path, ends: Option<Vec<Timestamp>>, now: Timestamp) -> Check {
    let subject = file.display().to_string();
    let Some(end) = ends.and_then(|ends| ends.into_iter().min()) else {
        return Check::failed(Topic::Certificates, subject, "holds something that is no certificate");
    };
    let left = end.duration_since(now);
    let days = left.as_hours() / 24;
    if left.is_negative() {
        Check::failed(Topic::Certificates, subject, format!("expired at {end}"))
            .hint("put a new one in its place: the files of listeners are read again, those of venues at the next start")
    } else if left < DUE {
        Check::warning(Topic::Certificates, subject, format!("expires in {days} days, at {end}")).hint("renew it")
    } else {
        Check::ok(Topic::Certificates, subject, format!("valid for {days} days, until {end}"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;

    #[test]
    fn the_first_end_of_a_file_counts() {
        let now: Timestamp = "2026-03-18T12:00:00Z".parse().unwrap();
        let after = |hours| now + SignedDuration::from_hours(hours);
        let verdict = |ends: Vec<Timestamp>| judged(Path::new("f"), Some(ends), now).verdict;
        assert_eq!(verdict(vec![after(31 * 24), after(9_000)]), Verdict::Ok);
        assert_eq!(verdict(vec![after(9_000), after(29 * 24)]), Verdict::Warning);
        assert_eq!(verdict(vec![after(9_000), after(-1)]), Verdict::Failed);
        assert_eq!(verdict(Vec::new()), Verdict::Failed);
        assert_eq!(judged(Path::new("f"), None, now).verdict, Verdict::Failed);
    }
}
