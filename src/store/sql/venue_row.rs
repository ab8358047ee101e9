//! The venue's settlement as JSON in one column: this version's own format, not the venue's.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::text::{instant, read_instant_if_any as at};
use crate::domain::settlement::{VenueSettlement, VenueStatus};

#[derive(Serialize, Deserialize)]
struct VenueRow {
    settlement_id: String,
    partner_id: String,
    external_id: String,
    status: String,
    status_text: String,
    settlement_type: String,
    reconciled: Option<bool>,
    disputed: Option<bool>,
    initiated_by: String,
    notes: Option<String>,
    rt_id: Option<String>,
    loss_sla_alert_sent: Option<bool>,
    gain_sla_alert_sent: Option<bool>,
    reason: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
    finalized_at: Option<String>,
    cutoff_at: Option<String>,
}

/// Writes the column.
pub(super) fn write(venue: &VenueSettlement) -> Result<String, serde_json::Error> {
    let at = |at: Option<Timestamp>| at.map(instant);
    let venue = venue.clone();
    serde_json::to_string(&VenueRow {
        settlement_id: venue.settlement_id,
        partner_id: venue.partner_id,
        external_id: venue.external_id,
        status: venue.status.as_str().to_owned(),
        status_text: venue.status_text,
        settlement_type: venue.settlement_type,
        reconciled: venue.reconciled,
        disputed: venue.disputed,
        initiated_by: venue.initiated_by,
        notes: venue.notes,
        rt_id: venue.rt_id,
        loss_sla_alert_sent: venue.loss_sla_alert_sent,
        gain_sla_alert_sent: venue.gain_sla_alert_sent,
        reason: venue.reason,
        created_at: at(venue.created_at),
        updated_at: at(venue.updated_at),
        finalized_at: at(venue.finalized_at),
        cutoff_at: at(venue.cutoff_at),
    })
}

/// Reads the column; `None` when it is none that [`write`] wrote.
pub(super) fn read(text: &str) -> Option<VenueSettlement> {
    let row: VenueRow = serde_json::from_str(text).ok()?;
    Some(VenueSettlement {
        settlement_id: row.settlement_id,
        partner_id: row.partner_id,
        external_id: row.external_id,
        status: VenueStatus::from_name(&row.status)?,
        status_text: row.status_text,
        settlement_type: row.settlement_type,
        reconciled: row.reconciled,
        disputed: row.disputed,
        initiated_by: row.initiated_by,
        notes: row.notes,
        rt_id: row.rt_id,
        loss_sla_alert_sent: row.loss_sla_alert_sent,
        gain_sla_alert_sent: row.gain_sla_alert_sent,
        reason: row.reason,
        created_at: at(row.created_at)?,
        updated_at: at(row.updated_at)?,
        finalized_at: at(row.finalized_at)?,
        cutoff_at: at(row.cutoff_at)?,
    })
}
