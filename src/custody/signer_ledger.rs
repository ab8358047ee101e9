//! What the holders of keys were asked to sign, kept beside the journal and apart from it: a test holds the one against the other.
//!
//! A build for tests writes a line to the file that `GATEWAY_SIGNER_LEDGER`
//! names and syncs it before the key is touched. Release builds hold none of it.

use crate::domain::signing::{PayloadDigest, SigningReference};

/// Notes that a signature is asked of a key's holder: the payload's digest, what the key signs of it, and the reference.
#[cfg(debug_assertions)]
pub(super) fn asked(reference: &SigningReference, payload: PayloadDigest, signed: &[u8; 32]) {
    use std::fs::OpenOptions;
    use std::io::Write;

    let Some(path) = std::env::var_os("GATEWAY_SIGNER_LEDGER") else { return };
    let line = format!("{} {} {}\n", payload.to_hex(), base16ct::lower::encode_string(signed), reference.to_text());
    let file = OpenOptions::new().create(true).append(true).open(path);
    let kept = file.and_then(|mut file| file.write_all(line.as_bytes()).and_then(|()| file.sync_data()));
    if let Err(error) = kept {
        // A signature that the ledger misses would make the test believe what is not so.
        tracing::error!(%error, "the ledger of signatures could not be written");
        std::process::abort();
    }
}

/// Nothing, in a release build.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub(super) fn asked(_: &SigningReference, _: PayloadDigest, _: &[u8; 32]) {}
