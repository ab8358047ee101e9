//! A settlement as the gateway's record shows it.

use super::enums::settlement_type;
use super::standing::{reconciled, standing};
use super::time::to_proto;
use crate::domain::ids::{ConnectionId, ExternalId, Notes};
use crate::domain::settlement::{Header, Leg, Progress, Settlement, TimelineEntry, VenueSettlement};
use crate::domain::time::Cutoff;
use crate::grpc::pb;
use crate::service::SettlementView;

/// A settlement with its legs and timeline, as far as the view has them.
#[must_use]
pub fn view(view: SettlementView) -> pb::Settlement {
    let SettlementView { settlement, intent, standing: stands, timeline, funds: _ } = view;
    let (rest, with_amounts) = (summary(&settlement), intent.is_some());
    pb::Settlement {
        posted_amounts: intent.map(|intent| intent.asked.amounts.legs().iter().map(leg).collect()).unwrap_or_default(),
        timeline: timeline.into_iter().map(entry).collect(),
        ..match stands {
            Some(stands) => standing(rest, stands, with_amounts),
            None => rest,
        }
    }
}

/// A settlement as lists show it: without legs and timeline.
#[must_use]
pub fn summary(settlement: &Settlement) -> pb::Settlement {
    let shown = progress(&settlement.progress, &settlement.header);
    let shown = pb::Settlement { archived_in: settlement.archived_in.clone(), ..shown };
    match &settlement.progress.venue {
        Some(venue) => at_venue(shown, venue),
        None => shown,
    }
}

/// What is fixed.
fn header(header: &Header) -> pb::Settlement {
    pb::Settlement {
        enterprise_id: header.enterprise_id.as_str().to_owned(),
        external_id: header.external_id.as_str().to_owned(),
        route: pb::SettlementRoute::from(header.route).into(),
        amount_unit: pb::AmountUnit::from(header.amount_unit).into(),
        cutoff_at: header.cutoff.map(Cutoff::at).map(to_proto),
        submit_before: header.submit_before.map(to_proto),
        notes: header.notes.as_ref().map(Notes::as_str).map(str::to_owned),
        nonce: header.nonce.as_str().to_owned(),
        supersedes: header.supersedes.as_ref().map(ExternalId::as_str).map(str::to_owned),
        caller: header.caller.as_str().to_owned(),
        request_digest: base16ct::lower::encode_string(&header.request_digest),
        key_id: header.key_id.as_str().to_owned(),
        created_at: Some(to_proto(header.created_at)),
        ..pb::Settlement::default()
    }
}

/// What changes, on top of what is fixed.
fn progress(progress: &Progress, fixed: &Header) -> pb::Settlement {
    pb::Settlement {
        state: pb::SettlementState::from(progress.state).into(),
        terminal: progress.state.is_terminal(),
        sequence: progress.sequence,
        outcome: pb::SettlementOutcome::from(progress.outcome()).into(),
        next_action: pb::NextAction::from(progress.next_action(fixed.route)).into(),
        reason: progress.reason.map(|reason| reason.as_str().to_owned()),
        detail: progress.detail.clone(),
        attempts: progress.attempts,
        payload_sha256: progress.payload_digest.map(|digest| digest.to_hex()),
        signature: progress.signature.map(|signature| signature.to_hex()),
        updated_at: Some(to_proto(progress.updated_at)),
        reconciliation: progress.reconciled.map(reconciled),
        ..header(fixed)
    }
}

/// What the venue says, on top of the rest.
fn at_venue(rest: pb::Settlement, venue: &VenueSettlement) -> pb::Settlement {
    pb::Settlement {
        settlement_id: said(&venue.settlement_id),
        venue_status: pb::VenueSettlementStatus::from(venue.status).into(),
        venue_status_text: venue.status_text.clone(),
        partner_id: said(&venue.partner_id),
        settlement_type: settlement_type(&venue.settlement_type).into(),
        settlement_type_text: venue.settlement_type.clone(),
        reconciled: venue.reconciled,
        disputed: venue.disputed,
        initiated_by: said(&venue.initiated_by),
        rt_id: venue.rt_id.clone(),
        loss_sla_alert_sent: venue.loss_sla_alert_sent,
        gain_sla_alert_sent: venue.gain_sla_alert_sent,
        finalized_at: venue.finalized_at.map(to_proto),
        venue_reason: venue.reason.clone(),
        ..rest
    }
}

/// A text that the venue must send; where it did not, the field is absent.
fn said(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// A leg, digit for digit.
pub(super) fn leg(leg: &Leg) -> pb::SettlementAmount {
    pb::SettlementAmount {
        connection_id: leg.connection_id.as_str().to_owned(),
        counterparty_connection_id: leg.counterparty_connection_id.as_ref().map(ConnectionId::as_str).map(str::to_owned),
        currency: leg.currency.as_str().to_owned(),
        amount: leg.amount.as_str().to_owned(),
    }
}

fn entry(entry: TimelineEntry) -> pb::TimelineEntry {
    pb::TimelineEntry {
        sequence: entry.sequence,
        state: pb::SettlementState::from(entry.state).into(),
        at: Some(to_proto(entry.at)),
        reason: entry.reason.map(|reason| reason.as_str().to_owned()).unwrap_or_default(),
        attempt: entry.attempts,
        detail: entry.detail.unwrap_or_default(),
        change: entry.change,
    }
}
