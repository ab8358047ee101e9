//! Reading, comparing and writing settlements of 2, 500 and 20,000 legs: the time a leg must not grow with their number.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput};
use settlement_gateway::app::SystemClock;
use settlement_gateway::domain::payload::{hold_settlement, read_strict};
use settlement_gateway::domain::signing::Signature;
use settlement_gateway::secret::Secret;
use settlement_gateway::upstream::bitgo::{BitGo, BitGoOptions, RequestAuth, SigningMethod};
use settlement_gateway::upstream::{Credential, GoNetwork, HttpOptions, Unlimited};

use super::fixtures::{LEGS, intent, payload};

pub(super) fn run(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("settlement");
    let venue = venue();
    let signature = Signature::from_bytes([7; 65]);
    for legs in LEGS {
        let intent = intent(legs);
        let payload = payload(&intent);
        hold_settlement(&payload, &intent).unwrap();
        group.throughput(Throughput::Elements(legs as u64));
        group.bench_function(BenchmarkId::new("read_strict", legs), |bencher| {
            bencher.iter(|| read_strict(black_box(&payload)).unwrap());
        });
        group.bench_function(BenchmarkId::new("meaning", legs), |bencher| {
            bencher.iter(|| black_box(&intent).asked.amounts.meaning().len());
        });
        group.bench_function(BenchmarkId::new("hold_settlement", legs), |bencher| {
            bencher.iter(|| hold_settlement(black_box(&payload), &intent).unwrap());
        });
        group.bench_function(BenchmarkId::new("request digest", legs), |bencher| {
            bencher.iter(|| black_box(&intent).asked.digest());
        });
        group.bench_function(BenchmarkId::new("settlement_body", legs), |bencher| {
            bencher.iter(|| venue.settlement_body(black_box(&intent), &payload, &signature));
        });
    }
    group.finish();
}

/// An adapter that calls nobody.
fn venue() -> BitGo {
    BitGo::new(BitGoOptions {
        base_url: "http://127.0.0.1:9".to_owned(),
        credential: Credential::fixed(&Secret::from_text("token".to_owned())).unwrap(),
        auth: RequestAuth::Bearer,
        signing_method: SigningMethod::Post,
        http: HttpOptions { allow_plaintext: true, ..HttpOptions::default() },
        allowance: Arc::new(Unlimited),
        clock: Arc::new(SystemClock),
    })
    .unwrap()
}
