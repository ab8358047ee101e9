//! What the gateway does without waiting for anybody: signing, and reading and writing settlements of many legs.
//!
//! `docs/performance.md` says what the figures teach. A figure is compared with others of its own run only.

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod journal;
#[cfg(test)]
mod payloads;
#[cfg(test)]
mod settlements;
#[cfg(test)]
mod signing;

use std::time::Duration;

use criterion::Criterion;

const WARM_UP: Duration = Duration::from_millis(500);
const MEASUREMENT: Duration = Duration::from_secs(2);
const SAMPLES: usize = 20;

fn main() {
    let settings = Criterion::default().warm_up_time(WARM_UP).measurement_time(MEASUREMENT).sample_size(SAMPLES);
    let mut criterion = settings.configure_from_args();
    signing::run(&mut criterion);
    payloads::run(&mut criterion);
    settlements::run(&mut criterion);
    criterion.final_summary();
}
