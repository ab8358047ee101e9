//! Recognising what a payload is for, at a common size and at the largest that is accepted.

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use settlement_gateway::domain::payload::{Meaning, recognise};
use settlement_gateway::domain::settlement::SettlementAmounts;
use settlement_gateway::domain::signing::PayloadDigest;

use super::fixtures::{intent, payload, trade_payload};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

pub(super) fn run(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("recognise");
    let largest = "x".repeat(4 * MIB);
    group.throughput(Throughput::Bytes(largest.len() as u64));
    group.bench_function("digest of 4 MiB, for comparison", |bencher| bencher.iter(|| PayloadDigest::of(black_box(&largest))));
    recognising(&mut group, "trade, 1 KiB", &trade_payload(0, KIB), |meaning| matches!(meaning, Meaning::Trade { .. }));
    recognising(&mut group, "trade, 4 MiB", &trade_payload(0, 4 * MIB), |meaning| matches!(meaning, Meaning::Trade { .. }));
    let settlement = payload(&intent(SettlementAmounts::MAX_LEGS));
    recognising(&mut group, "settlement, 20,000 legs", &settlement, |meaning| matches!(meaning, Meaning::Settlement { .. }));
    recognising(&mut group, "no JSON, 4 MiB", &largest, |meaning| matches!(meaning, Meaning::Raw));
    // Nothing but the beginnings of keys: what costs a lenient search for keys most.
    recognising(&mut group, "quotes, 4 MiB", &"\"".repeat(4 * MIB), |meaning| matches!(meaning, Meaning::Raw));
    recognising(&mut group, "escaped quotes, 4 MiB", &"\\\"".repeat(2 * MIB), |meaning| matches!(meaning, Meaning::Raw));
    group.finish();
}

fn recognising(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, payload: &str, expected: impl Fn(&Meaning) -> bool) {
    assert!(expected(&recognise(payload)), "{name}");
    group.throughput(Throughput::Bytes(payload.len() as u64));
    group.bench_function(name, |bencher| bencher.iter(|| recognise(black_box(payload))));
}
