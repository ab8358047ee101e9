//! Every metric that there is: its name, its kind, its unit, its labels, and what an operator should think of when it moves.
//!
//! `docs/operations.md` shows this table, and the code, the dashboard and the
//! rules use these names and no others: tests hold all of them to it.

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only rises.
    Counter,
    /// It rises and falls.
    Gauge,
    /// It counts by size.
    Histogram,
}

impl Kind {
    /// The kind's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// The name.
    pub name: &'static str,
    /// The kind.
    pub kind: Kind,
    /// What it counts or measures.
    pub unit: &'static str,
    /// Its labels; what each can be is bounded by the configuration or by the code.
    pub labels: &'static [&'static str],
    /// What it means.
    pub meaning: &'static str,
}

const fn counter(name: &'static str, unit: &'static str, labels: &'static [&'static str], meaning: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, unit, labels, meaning }
}

const fn gauge(name: &'static str, unit: &'static str, labels: &'static [&'static str], meaning: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, unit, labels, meaning }
}

const fn histogram(name: &'static str, unit: &'static str, labels: &'static [&'static str], meaning: &'static str) -> Metric {
    Metric { name, kind: Kind::Histogram, unit, labels, meaning }
}

/// All of them, by what they tell of.
pub const METRICS: &[Metric] = &[
    // Calls.
    counter(
        "settlement_gateway_rpc_requests_total",
        "calls",
        &["service", "method", "code"],
        "Calls that ended, by service, method and status code.",
    ),
    histogram(
        "settlement_gateway_rpc_duration_seconds",
        "s",
        &["service", "method"],
        "How long calls took until their answer ended.",
    ),
    counter(
        "settlement_gateway_rpc_errors_total",
        "errors",
        &["reason"],
        "Errors that callers were told, by reason (docs/errors.md).",
    ),
    counter("settlement_gateway_rpc_panics_total", "calls", &[], "Handlers that panicked: each is a defect."),
    counter("settlement_gateway_rpc_shed_total", "calls", &[], "Calls refused because too many were under way."),
    counter("settlement_gateway_callers_refused_total", "calls", &[], "Calls whose caller proved nothing, or nothing known."),
    gauge("settlement_gateway_connections", "connections", &[], "Connections that are open."),
    counter("settlement_gateway_connections_refused_total", "connections", &[], "Connections closed because too many were open."),
    counter(
        "settlement_gateway_connections_given_up_total",
        "connections",
        &[],
        "Connections of any listener that had asked for nothing when others needed their places.",
    ),
    counter("settlement_gateway_tls_handshakes_failed_total", "handshakes", &[], "TLS handshakes that failed or took too long."),
    counter(
        "settlement_gateway_certificate_reloads_total",
        "reloads",
        &["result"],
        "Changes of the certificate's files, by result: replaced, or kept when they could not be used.",
    ),
    counter("settlement_gateway_refusals_recorded_total", "calls", &[], "Refusals that were recorded one by one."),
    counter(
        "settlement_gateway_refusals_counted_total",
        "calls",
        &[],
        "Refusals beyond their callers' allowances, or that could not be recorded: told in sums.",
    ),
    // Venues.
    counter(
        "settlement_gateway_venue_requests_total",
        "calls",
        &["venue", "operation", "outcome"],
        "Calls to a venue by what they ask: ok, refused, rate_limited, failed, no_answer, too_large, not_sent, held_back, over_budget.",
    ),
    histogram(
        "settlement_gateway_venue_request_duration_seconds",
        "s",
        &["operation"],
        "How long calls to a venue took, the wait for leave included.",
    ),
    gauge("settlement_gateway_venue_budget_left", "calls", &["purse"], "Calls that could be made to a venue at once, by purse."),
    counter(
        "settlement_gateway_venue_budget_refusals_total",
        "calls",
        &["purse"],
        "Calls to a venue that were not made since its budget was spent, by purse.",
    ),
    gauge(
        "settlement_gateway_venue_held_back",
        "0 or 1",
        &["venue"],
        "1 while a venue is left alone after failures in a row, by venue.",
    ),
    gauge(
        "settlement_gateway_venue_clock_skew_seconds",
        "s",
        &["venue"],
        "How far a venue's clock is ahead of this machine's at the least, by venue; negative where it is behind.",
    ),
    counter(
        "settlement_gateway_callbacks_total",
        "calls",
        &["venue", "result"],
        "Calls that said they were a venue's, by venue and result: stored, repeated, refused, not_stored, too_large, too_many.",
    ),
    counter(
        "settlement_gateway_callback_key_reloads_total",
        "reloads",
        &["result"],
        "Changes of the files with the venues' keys, by result: replaced, or kept when they could not be used.",
    ),
    counter("settlement_gateway_deliveries_total", "deliveries", &["outcome"], "Deliveries that were acted on, by outcome."),
    // Settlements.
    gauge(
        "settlement_gateway_settlements_open",
        "settlements",
        &["enterprise", "state"],
        "Settlements that may still move money, by enterprise and state. Of the journal: the same on every replica.",
    ),
    gauge(
        "settlement_gateway_settlements_open_age_seconds",
        "s",
        &["enterprise", "state"],
        "How long ago the oldest of them was recorded; 0 where there is none.",
    ),
    gauge(
        "settlement_gateway_last_completed_timestamp_seconds",
        "s since 1970",
        &["enterprise"],
        "When the enterprise's newest completed settlement was completed, or compared afterwards; absent before the first.",
    ),
    gauge(
        "settlement_gateway_windows_ending_unfunded",
        "settlements",
        &["enterprise"],
        "Settlements that lack funds and whose top-up window ends within telemetry.window_warning_ms.",
    ),
    gauge(
        "settlement_gateway_outcomes_unknown",
        "writes",
        &["kind"],
        "Settlements, writes on BitGo Trade and confirmations of quotes that were sent and have no conclusive answer.",
    ),
    gauge(
        "settlement_gateway_outcomes_unknown_age_seconds",
        "s",
        &["kind"],
        "How long ago the oldest of them was recorded; 0 for none.",
    ),
    gauge(
        "settlement_gateway_operator_needed",
        "writes",
        &["kind"],
        "Settlements, trade writes and confirmations that wait for a person.",
    ),
    counter("settlement_gateway_settlement_changes_total", "changes", &["change"], "Changes of settlements, by change."),
    counter(
        "settlement_gateway_payload_mismatches_total",
        "payloads",
        &[],
        "Signing payloads of a venue that said something else than was asked; each was left unsigned.",
    ),
    counter(
        "settlement_gateway_shortfalls_found_total",
        "settlements",
        &[],
        "Settlements that accounts did not cover when they were looked at before.",
    ),
    counter(
        "settlement_gateway_checks_failed_total",
        "settlements",
        &[],
        "Settlements that went out without a look at their funds, since none could be had.",
    ),
    counter(
        "settlement_gateway_final_amounts_changed_total",
        "settlements",
        &[],
        "Times that a venue was about to settle something else than was posted with the disputes that it settles.",
    ),
    counter(
        "settlement_gateway_reconciliations_total",
        "settlements",
        &["status"],
        "Completed settlements compared with what was asked, by status: each MISMATCH needs a person.",
    ),
    counter(
        "settlement_gateway_contradictions_total",
        "settlements",
        &[],
        "Looks at finished settlements that said what cannot be.",
    ),
    counter(
        "settlement_gateway_foreign_settlements_total",
        "settlements",
        &[],
        "Settlements at a venue that nothing signed here accounts for: each may mean a stolen key or token.",
    ),
    counter(
        "settlement_gateway_settlements_posted_elsewhere_total",
        "settlements",
        &[],
        "Settlements at a venue whose payload was signed here and that this gateway did not post.",
    ),
    counter(
        "settlement_gateway_patrol_failures_total",
        "searches",
        &[],
        "Searches for such settlements that the venue did not answer.",
    ),
    // Trades and quotes.
    counter(
        "settlement_gateway_trade_changes_total",
        "changes",
        &["change"],
        "Changes of writes on BitGo Trade, by change; PARKED ones wait for a person.",
    ),
    counter(
        "settlement_gateway_quote_confirmation_changes_total",
        "changes",
        &["state"],
        "Changes of quotes' confirmations, by state.",
    ),
    histogram(
        "settlement_gateway_quote_left_seconds",
        "s",
        &["at"],
        "For how long a quote's price still held when it was CREATED, and when a caller first asked to have it CONFIRMED; 0 where it had \
         lapsed.",
    ),
    counter("settlement_gateway_quote_payouts_total", "payouts", &["status"], "Payouts that ended, by status."),
    counter(
        "settlement_gateway_quote_payouts_claimed_total",
        "payouts",
        &[],
        "Payouts that this gateway confirmed and that the venue shows under another external_tx_id.",
    ),
    // Custody.
    counter(
        "settlement_gateway_signatures_total",
        "signatures",
        &["key", "purpose"],
        "Payloads that were signed for the first time, by key.",
    ),
    // The journal.
    histogram(
        "settlement_gateway_journal_commit_duration_seconds",
        "s",
        &[],
        "How long a commit took that makes something durable; nothing is answered, signed or sent before it.",
    ),
    counter("settlement_gateway_store_failures_total", "failures", &[], "Times that the journal did not answer a worker."),
    counter(
        "settlement_gateway_lease_takeovers_total",
        "leases",
        &["kind"],
        "Leases that lapsed and whose work another worker took up: a worker or a replica died or hung.",
    ),
    gauge(
        "settlement_gateway_errands_open",
        "errands",
        &["kind"],
        "Durable work that is no settlement and is or will be due, by kind; QUOTE counts the quotes that are confirmed or followed.",
    ),
    gauge(
        "settlement_gateway_errands_overdue_seconds",
        "s",
        &["kind"],
        "For how long the oldest of it has been due; 0 where none is.",
    ),
    histogram("settlement_gateway_census_duration_seconds", "s", &[], "How long it took to count what is open in the journal."),
    gauge(
        "settlement_gateway_census_timestamp_seconds",
        "s since 1970",
        &[],
        "When the journal was last counted: what is told of it is as of then.",
    ),
    counter("settlement_gateway_census_failures_total", "censuses", &[], "Times that the journal could not be counted."),
    gauge("settlement_gateway_audit_waiting", "records", &[], "Audit records that wait to be chained."),
    gauge("settlement_gateway_audit_lag_seconds", "s", &[], "For how long the oldest of them has waited."),
    counter("settlement_gateway_audit_chained_total", "records", &[], "Audit records that this process chained."),
    histogram("settlement_gateway_audit_batch_records", "records", &[], "Audit records that one commit chained."),
    counter(
        "settlement_gateway_audit_failures_total",
        "failures",
        &[],
        "Tries to chain audit records, or to record a refusal, that the journal did not answer.",
    ),
    gauge(
        "settlement_gateway_journal_adrift",
        "0 or 1",
        &[],
        "1 while the journal may have forgotten signatures: nothing is signed or sent.",
    ),
    counter(
        "settlement_gateway_journal_adrift_total",
        "findings",
        &["why"],
        "Times that the journal was found to lack what its anchor knows of, by why.",
    ),
    counter("settlement_gateway_anchor_failures_total", "failures", &[], "Times that the anchor could not be read or moved on."),
    counter("settlement_gateway_archived_total", "records", &["kind"], "Records that left the journal for the archive, by kind."),
    counter(
        "settlement_gateway_archive_failures_total",
        "failures",
        &[],
        "Batches that could not be archived; they stay and are tried again.",
    ),
    // Traces.
    counter("settlement_gateway_spans_exported_total", "spans", &[], "Spans that the collector took."),
    counter(
        "settlement_gateway_spans_dropped_total",
        "spans",
        &["why"],
        "Spans that were let go: queue_full, or export_failed when the collector did not take them in time.",
    ),
];
