//! Metrics: those of the table, gathered for Prometheus.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics::{SetRecorderError, counter, describe_counter, describe_gauge, describe_histogram, set_global_recorder};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use super::table::{Kind, METRICS};

/// How often old samples are folded together, so that memory stays flat without a reader.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// From a store's read to a venue's slow answer.
const SECONDS: [f64; 14] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// From one record to the largest batch that is common.
const RECORDS: [f64; 10] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0];
/// From a price that has lapsed to one that holds for an hour.
const LEFT_SECONDS: [f64; 10] = [0.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0];

/// The buckets of every histogram, by how its name ends.
const BUCKETS: [(&str, &[f64]); 3] =
    [("_duration_seconds", &SECONDS), ("_batch_records", &RECORDS), ("_left_seconds", &LEFT_SECONDS)];

/// Why metrics cannot be gathered.
#[derive(Debug, Error)]
pub enum MetricsError {
    /// The histograms cannot be set up.
    #[error("the histograms cannot be set up")]
    Histograms(#[source] BuildError),
    /// Something else gathers metrics already.
    #[error("metrics are gathered already")]
    Taken(#[source] Box<SetRecorderError<PrometheusRecorder>>),
}

/// The metrics of this process; clones share them.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Starts gathering, once in a process.
    ///
    /// # Errors
    /// [`MetricsError`] when metrics are gathered already.
    pub fn install() -> Result<Self, MetricsError> {
        let recorder = recorder()?;
        let metrics = Self(recorder.handle());
        set_global_recorder(recorder).map_err(|error| MetricsError::Taken(Box::new(error)))?;
        describe();
        begin_at_zero();
        Ok(metrics)
    }

    /// The metrics of this process: installed by the first call, the same for every later one.
    ///
    /// # Errors
    /// [`MetricsError`] when something else gathers metrics already.
    pub fn shared() -> Result<Self, MetricsError> {
        static SHARED: Mutex<Option<Metrics>> = Mutex::new(None);
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(metrics) = shared.as_ref() {
            return Ok(metrics.clone());
        }
        let metrics = Self::install()?;
        *shared = Some(metrics.clone());
        Ok(metrics)
    }

    /// The metrics now, in Prometheus' text format.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Keeps the memory flat until `shutdown`.
    pub async fn upkeep(&self, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(tokio::time::sleep(UPKEEP_INTERVAL)).await.is_some() {
            self.0.run_upkeep();
        }
    }
}

fn recorder() -> Result<PrometheusRecorder, MetricsError> {
    let builder = BUCKETS.iter().try_fold(PrometheusBuilder::new(), |builder, (ending, buckets)| {
        builder.set_buckets_for_metric(Matcher::Suffix((*ending).to_owned()), buckets)
    });
    Ok(builder.map_err(MetricsError::Histograms)?.build_recorder())
}

fn describe() {
    for metric in METRICS {
        match metric.kind {
            Kind::Counter => describe_counter!(metric.name, metric.meaning),
            Kind::Gauge => describe_gauge!(metric.name, metric.meaning),
            Kind::Histogram => describe_histogram!(metric.name, metric.meaning),
        }
    }
}

/// Series whose first event is an alarm, by name, label and value.
const ALARMING: [(&str, &str, &str); 4] = [
    ("settlement_gateway_reconciliations_total", "status", "MISMATCH"),
    ("settlement_gateway_rpc_errors_total", "reason", "SIGNING_REFERENCE_TAKEN"),
    ("settlement_gateway_certificate_reloads_total", "result", "kept"),
    ("settlement_gateway_callback_key_reloads_total", "result", "kept"),
];

/// A rise is only seen of what was there before it: counters that may never move begin with the process.
fn begin_at_zero() {
    for metric in METRICS.iter().filter(|metric| metric.kind == Kind::Counter && metric.labels.is_empty()) {
        counter!(metric.name).increment(0);
    }
    for (name, label, value) in ALARMING {
        counter!(name, label => value).increment(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics::{histogram, with_local_recorder};

    #[test]
    fn metrics_come_out_with_their_meaning_and_in_buckets() {
        let recorder = recorder().unwrap();
        with_local_recorder(&recorder, || {
            describe();
            begin_at_zero();
            counter!("settlement_gateway_rpc_requests_total", "code" => "OK").increment(2);
            histogram!("settlement_gateway_rpc_duration_seconds").record(Duration::from_millis(20));
        });
        let text = recorder.handle().render();
        assert!(
            METRICS
                .iter()
                .filter(|metric| metric.kind == Kind::Histogram)
                .all(|metric| BUCKETS.iter().any(|(ending, _)| metric.name.ends_with(ending))),
            "a histogram without buckets"
        );
        assert!(text.contains("# HELP settlement_gateway_rpc_requests_total Calls that ended"), "{text}");
        assert!(text.contains("settlement_gateway_rpc_requests_total{code=\"OK\"} 2"), "{text}");
        assert!(text.contains("settlement_gateway_payload_mismatches_total 0"), "its first one must be seen to rise: {text}");
        assert!(text.contains("settlement_gateway_reconciliations_total{status=\"MISMATCH\"} 0"), "{text}");
        assert!(text.contains("settlement_gateway_rpc_duration_seconds_bucket{le=\"0.025\"} 1"), "{text}");
    }
}
