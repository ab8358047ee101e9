//! What is told of what was done: lines for people, or one JSON object for programs.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::export_signed::Handed;
use crate::domain::anchor::{Mark, Standing};
use crate::service::Diagnosis;
use crate::service::recovery::{Listed, RepairReport};

/// How the journal stands to its anchor.
pub(super) fn diagnosis(diagnosis: &Diagnosis, as_json: bool) -> String {
    if as_json {
        return json!({ "repaired": false, "standing": standing(diagnosis) }).to_string();
    }
    let advice = match diagnosis.verdict {
        Ok(_) => "nothing needs a repair",
        Err(_) => "nothing is signed or sent; read docs/recovery.md, then run this again with --i-have-read-the-recovery-runbook",
    };
    [standing_lines(diagnosis), vec![advice.to_owned()]].concat().join("\n")
}

/// What a repair found and did; `None` where nothing needed one.
pub(super) fn repair(report: Option<&RepairReport>, as_json: bool) -> String {
    match (report, as_json) {
        (None, true) => json!({ "repaired": false, "needed": false }).to_string(),
        (None, false) => "the journal agrees with its anchor: nothing needs a repair".to_owned(),
        (Some(report), true) => repair_json(report).to_string(),
        (Some(report), false) => repair_lines(report).join("\n"),
    }
}

fn repair_json(report: &RepairReport) -> Value {
    let exposed = report.unfinished.exposed.iter().map(|(enterprise_id, external_id, state)| {
        json!({ "enterprise_id": enterprise_id.as_str(), "external_id": external_id.as_str(), "state_before": state.as_str() })
    });
    let needing = report.unfinished.needing_operator.iter().map(
        |(enterprise_id, external_id)| json!({ "enterprise_id": enterprise_id.as_str(), "external_id": external_id.as_str() }),
    );
    let exposed_trades = report
        .exposed_trades
        .iter()
        .map(|(enterprise_id, request_id)| json!({ "enterprise_id": enterprise_id.as_str(), "request_id": request_id.as_str() }));
    let unknown_trades = report.unknown_trades.iter().map(|trade| {
        json!({
            "enterprise_id": trade.enterprise_id.as_str(),
            "account_id": trade.account_id.as_str(),
            "settlement_id": trade.settlement_id,
            "status": trade.status,
        })
    });
    json!({
        "repaired": true,
        "standing_before": standing(&report.before),
        "read_from": report.read_from.map(|at| at.to_string()),
        "enterprises": report.listed.iter().map(listed_json).collect::<Vec<_>>(),
        "settlements_read_back": exposed.collect::<Vec<_>>(),
        "settlements_needing_operator": needing.collect::<Vec<_>>(),
        "trades_read_back": exposed_trades.collect::<Vec<_>>(),
        "trades_only_at_venue": unknown_trades.collect::<Vec<_>>(),
        "undecided_quote_confirmations": report.undecided_confirmations,
        "epoch": report.epoch,
    })
}

fn repair_lines(report: &RepairReport) -> Vec<String> {
    let mut lines = standing_lines(&report.before);
    lines.push(match report.read_from {
        Some(at) => format!("the venues were asked for what they created from {at} on"),
        None => "the venues were asked for everything that they have".to_owned(),
    });
    lines.extend(report.listed.iter().flat_map(listed_lines));
    for (enterprise_id, external_id, state) in &report.unfinished.exposed {
        lines.push(format!("{enterprise_id}: {external_id} was {} and is read back before anything is sent", state.as_str()));
    }
    for (enterprise_id, external_id) in &report.unfinished.needing_operator {
        lines.push(format!("{enterprise_id}: {external_id} needs an operator, as before"));
    }
    for (enterprise_id, request_id) in &report.exposed_trades {
        lines.push(format!("{enterprise_id}: trade request {request_id} is read back and never sent again"));
    }
    for trade in &report.unknown_trades {
        let status = trade.status.as_deref().unwrap_or("unknown");
        let (enterprise, account, id) = (&trade.enterprise_id, &trade.account_id, &trade.settlement_id);
        lines.push(format!("{enterprise}: account {account} has trade settlement {id} ({status}), which no request here made"));
    }
    lines.push(format!("{} confirmations of quotes are undecided; each quote is read first", report.undecided_confirmations));
    lines.push(format!("epoch {} of the anchor has begun: the journal may be used", report.epoch));
    lines
}

/// What was adopted.
pub(super) fn adopted(listed: &[Listed], as_json: bool) -> String {
    if as_json {
        return json!({ "enterprises": listed.iter().map(listed_json).collect::<Vec<_>>() }).to_string();
    }
    listed.iter().flat_map(listed_lines).collect::<Vec<_>>().join("\n")
}

fn listed_json(listed: &Listed) -> Value {
    let adopted = listed.adopted.iter().map(|found| {
        json!({
            "external_id": found.external_id.as_str(),
            "settlement_id": found.venue.settlement_id,
            "status": found.venue.status_text,
            "created_at": found.venue.created_at.map(|at| at.to_string()),
            "cutoff_at": found.venue.cutoff_at.map(|at| at.to_string()),
        })
    });
    json!({
        "enterprise_id": listed.enterprise_id.as_str(),
        "shown": listed.shown,
        "adopted": adopted.collect::<Vec<_>>(),
        "not_nameable": listed.unnamed.iter().map(|venue| &venue.settlement_id).collect::<Vec<_>>(),
    })
}

fn listed_lines(listed: &Listed) -> Vec<String> {
    let id = &listed.enterprise_id;
    let mut lines = vec![format!("{id}: {} settlements at the venue, {} adopted", listed.shown, listed.adopted.len())];
    for found in &listed.adopted {
        let (external_id, venue) = (&found.external_id, &found.venue);
        lines.push(format!("{id}: adopted {external_id}, settlement {} ({})", venue.settlement_id, venue.status_text));
    }
    for venue in &listed.unnamed {
        lines.push(format!("{id}: settlement {} has an external id that nobody can ask for here", venue.settlement_id));
    }
    lines
}

/// The bodies that were handed out, with what to do with each.
pub(super) fn handed(handed: &[Handed], as_json: bool) -> String {
    if as_json {
        let bodies: Vec<_> = handed.iter().map(handed_json).collect();
        return json!({ "bodies": bodies }).to_string();
    }
    if handed.is_empty() {
        return "no settlement is signed and unfinished".to_owned();
    }
    handed.iter().flat_map(handed_lines).collect::<Vec<_>>().join("\n")
}

fn handed_json(one: &Handed) -> Value {
    let settlement = &one.signed.settlement;
    json!({
        "enterprise_id": settlement.header.enterprise_id.as_str(),
        "external_id": settlement.header.external_id.as_str(),
        "state": settlement.progress.state.as_str(),
        "method": "POST",
        "url": one.url,
        "content_type": "application/json",
        "body_file": one.file.display().to_string(),
        "body_bytes": one.signed.body.len(),
        "body_sha256": sha256(&one.signed.body),
        "payload_sha256": one.signed.payload_digest.map(|digest| digest.to_hex()),
    })
}

fn handed_lines(one: &Handed) -> Vec<String> {
    let header = &one.signed.settlement.header;
    let file = one.file.display();
    vec![
        format!("{}: {} ({})", header.enterprise_id, header.external_id, one.signed.settlement.progress.state.as_str()),
        format!("  body    {file}, {} bytes, SHA-256 {}", one.signed.body.len(), sha256(&one.signed.body)),
        format!(
            "  post    curl --fail-with-body -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \
             --data-binary @{file} '{}'",
            one.url
        ),
    ]
}

fn sha256(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}

fn standing(diagnosis: &Diagnosis) -> Value {
    let head = &diagnosis.head;
    json!({
        "journal_id": head.journal.to_text(),
        "epoch": head.epoch,
        "sequence": head.sequence,
        "link": head.link.to_hex(),
        "anchor": diagnosis.mark.as_ref().map(mark),
        "adrift": diagnosis.verdict.err().map(|adrift| adrift.as_str()),
        "detail": diagnosis.verdict.err().map(|adrift| adrift.to_string()),
    })
}

fn mark(mark: &Mark) -> Value {
    let head = &mark.head;
    json!({
        "journal_id": head.journal.to_text(),
        "epoch": head.epoch,
        "sequence": head.sequence,
        "link": head.link.to_hex(),
        "at": mark.at.to_string(),
    })
}

fn standing_lines(diagnosis: &Diagnosis) -> Vec<String> {
    let head = &diagnosis.head;
    let anchor = match &diagnosis.mark {
        Some(Mark { head, at }) => {
            format!("anchor  {}, epoch {}, link {}, written {at}", head.journal.to_text(), head.epoch, head.sequence)
        }
        None => "anchor  none that can be understood".to_owned(),
    };
    let verdict = match diagnosis.verdict {
        Ok(Standing::New) => "the journal is new".to_owned(),
        Ok(Standing::Anchored) => "the journal has everything that the anchor knows of".to_owned(),
        Err(adrift) => adrift.to_string(),
    };
    vec![format!("journal {}, epoch {}, link {}", head.journal.to_text(), head.epoch, head.sequence), anchor, verdict]
}
