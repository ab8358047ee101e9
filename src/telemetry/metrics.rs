//! Metrics: every one of them with its meaning, gathered for Prometheus.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics::{SetRecorderError, Unit, describe_counter, describe_gauge, describe_histogram, set_global_recorder};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

/// How often old samples are folded together, so that memory stays flat without a reader.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

const RPC_DURATION: &str = "settlement_gateway_rpc_duration_seconds";

/// Every counter, with what an operator should think of when it moves.
const COUNTERS: &[(&str, &str)] = &[
    ("settlement_gateway_rpc_requests_total", "Calls that ended, by service, method and status code."),
    ("settlement_gateway_rpc_panics_total", "Handlers that panicked: each is a defect."),
    ("settlement_gateway_rpc_shed_total", "Calls refused because too many were under way."),
    ("settlement_gateway_callers_refused_total", "Calls whose caller proved nothing, or nothing known."),
    ("settlement_gateway_connections_refused_total", "Connections closed because too many were open."),
    (
        "settlement_gateway_connections_given_up_total",
        "Connections of any listener that had asked for nothing when others needed their places.",
    ),
    ("settlement_gateway_tls_handshakes_failed_total", "TLS handshakes that failed or took too long."),
    (
        "settlement_gateway_certificate_reloads_total",
        "Changes of the certificate's files, by result: replaced, or kept when they could not be used.",
    ),
    ("settlement_gateway_store_failures_total", "Times that the journal did not answer a worker."),
    (
        "settlement_gateway_callbacks_total",
        "Calls that said they were a venue's, by venue and result: stored, repeated, refused, not_stored, too_large, too_many.",
    ),
    (
        "settlement_gateway_callback_key_reloads_total",
        "Changes of the files with the venues' keys, by result: replaced, or kept when they could not be used.",
    ),
    ("settlement_gateway_deliveries_total", "Deliveries that were acted on, by outcome."),
    ("settlement_gateway_quote_confirmation_changes_total", "Changes of quotes' confirmations, by state."),
    ("settlement_gateway_quote_payouts_total", "Payouts that ended, by status."),
    (
        "settlement_gateway_quote_payouts_claimed_total",
        "Payouts that this gateway confirmed and that the venue shows under another external_tx_id.",
    ),
    ("settlement_gateway_settlement_changes_total", "Changes of settlements, by change."),
    ("settlement_gateway_trade_changes_total", "Changes of writes on BitGo Trade, by change; PARKED ones wait for a person."),
    ("settlement_gateway_shortfalls_found_total", "Settlements that accounts did not cover when they were looked at before."),
    (
        "settlement_gateway_checks_failed_total",
        "Settlements that went out without a look at their funds, since none could be had.",
    ),
    (
        "settlement_gateway_venue_budget_refusals_total",
        "Calls to a venue that were not made since its budget was spent, by purse.",
    ),
    (
        "settlement_gateway_payload_mismatches_total",
        "Signing payloads of a venue that said something else than was asked; each was left unsigned.",
    ),
    (
        "settlement_gateway_final_amounts_changed_total",
        "Times that a venue was about to settle something else than was posted with the disputes that it settles.",
    ),
    (
        "settlement_gateway_reconciliations_total",
        "Completed settlements compared with what was asked, by status: each MISMATCH needs a person.",
    ),
    (
        "settlement_gateway_foreign_settlements_total",
        "Settlements at a venue that nothing signed here accounts for: each may mean a stolen key or token.",
    ),
    (
        "settlement_gateway_settlements_posted_elsewhere_total",
        "Settlements at a venue whose payload was signed here and that this gateway did not post.",
    ),
    ("settlement_gateway_patrol_failures_total", "Searches for such settlements that the venue did not answer."),
    ("settlement_gateway_audit_chained_total", "Audit records that this process chained."),
    (
        "settlement_gateway_audit_failures_total",
        "Tries to chain audit records, or to record a refusal, that the journal did not answer.",
    ),
    ("settlement_gateway_refusals_recorded_total", "Refusals that were recorded one by one."),
    (
        "settlement_gateway_refusals_counted_total",
        "Refusals beyond their callers' allowances, or that could not be recorded: told in sums.",
    ),
    ("settlement_gateway_contradictions_total", "Looks at finished settlements that said what cannot be."),
];

/// Every gauge.
const GAUGES: &[(&str, &str)] = &[
    ("settlement_gateway_connections", "Connections that are open."),
    ("settlement_gateway_audit_waiting", "Audit records that wait to be chained."),
    ("settlement_gateway_audit_lag_seconds", "For how long the oldest of them has waited."),
    ("settlement_gateway_venue_budget_left", "Calls that could be made to a venue at once, by purse."),
    ("settlement_gateway_venue_held_back", "1 while a venue is left alone after failures in a row, by venue."),
    (
        "settlement_gateway_venue_clock_skew_seconds",
        "How far a venue's clock is ahead of this machine's at the least, by venue; negative where it is behind.",
    ),
];

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
    // From a store's read to a venue's slow answer.
    let seconds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
    let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Full(RPC_DURATION.to_owned()), &seconds);
    Ok(builder.map_err(MetricsError::Histograms)?.build_recorder())
}

fn describe() {
    for &(name, meaning) in COUNTERS {
        describe_counter!(name, meaning);
    }
    for &(name, meaning) in GAUGES {
        describe_gauge!(name, meaning);
    }
    describe_histogram!(RPC_DURATION, Unit::Seconds, "How long calls took until their answer ended.");
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics::{counter, histogram, with_local_recorder};

    #[test]
    fn metrics_come_out_with_their_meaning_and_in_buckets() {
        let recorder = recorder().unwrap();
        with_local_recorder(&recorder, || {
            describe();
            counter!("settlement_gateway_rpc_requests_total", "code" => "OK").increment(2);
            histogram!(RPC_DURATION).record(Duration::from_millis(20));
        });
        let text = recorder.handle().render();
        assert!(text.contains("# HELP settlement_gateway_rpc_requests_total Calls that ended"), "{text}");
        assert!(text.contains("settlement_gateway_rpc_requests_total{code=\"OK\"} 2"), "{text}");
        assert!(text.contains("settlement_gateway_rpc_duration_seconds_bucket{le=\"0.025\"} 1"), "{text}");
    }
}
