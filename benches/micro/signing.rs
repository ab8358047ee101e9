//! A signature: made, repeated and verified, beside the hash of the same bytes.

use std::collections::BTreeSet;
use std::hint::black_box;

use criterion::{BatchSize, Criterion};
use futures_util::FutureExt;
use settlement_gateway::app::SystemEntropy;
use settlement_gateway::custody::{Key, KeySettings, KeySource, SignedPayload, generate_xprv, sign_once, verify};
use settlement_gateway::domain::ids::KeyId;
use settlement_gateway::domain::signing::{PayloadDigest, Purpose, SigningReference};

use super::fixtures::trade_payload;
use super::journal::MemoryJournal;

const PAYLOAD_BYTES: usize = 1024;

pub(super) fn run(criterion: &mut Criterion) {
    let (key, journal) = (key(), MemoryJournal::default());
    let payload = trade_payload(0, PAYLOAD_BYTES);
    let signed = sign(&journal, &key, 0, &payload);
    let mut group = criterion.benchmark_group("signing 1 KiB");
    group.bench_function("digest", |bencher| bencher.iter(|| PayloadDigest::of(black_box(&payload))));
    group.bench_function("verify", |bencher| {
        bencher.iter(|| verify(&key.public_key(), black_box(&payload), &signed.signature).unwrap());
    });
    group.bench_function("sign_once, repeated", |bencher| bencher.iter(|| sign(&journal, &key, 0, black_box(&payload))));
    let mut nonce = 0;
    group.bench_function("sign_once, new", |bencher| {
        let fresh = || {
            nonce += 1;
            (nonce, trade_payload(nonce, PAYLOAD_BYTES))
        };
        bencher.iter_batched(fresh, |(nonce, payload)| sign(&journal, &key, nonce, &payload), BatchSize::SmallInput);
    });
    group.finish();
}

fn key() -> Key {
    let settings = KeySettings {
        id: KeyId::new("key-1").unwrap(),
        purposes: BTreeSet::from([Purpose::Trade]),
        enabled: true,
        sign_payload_settlement: false,
    };
    Key::from_xprv(settings, KeySource::Generated, &generate_xprv(&SystemEntropy).unwrap()).unwrap()
}

fn sign(journal: &MemoryJournal, key: &Key, nonce: u64, payload: &str) -> SignedPayload {
    let reference =
        SigningReference::Trade { key: key.id().clone(), nonce_hold: format!("h{nonce}"), nonce_settle: format!("s{nonce}") };
    sign_once(journal, key, &reference, payload).now_or_never().unwrap().unwrap()
}
