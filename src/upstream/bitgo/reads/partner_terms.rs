//! `GET partners`: the terms of the partner that the enterprise itself is.

use std::collections::HashSet;

use reqwest::Method;
use serde::Deserialize;

use super::query::Target;
use crate::domain::ids::EnterpriseId;
use crate::domain::network::{Page, PartnerTerms};
use crate::upstream::VenueFailure;
use crate::upstream::bitgo::client::Client;
use crate::upstream::json::DecimalText;
use crate::upstream::unmapped::{Unmapped, required};

/// Partners that are asked for at once.
const PAGE_SIZE: u32 = 500;
/// The most pages that are read: more partners than the network is known to have.
const MAX_PAGES: u32 = 20;

#[derive(Deserialize)]
struct PartnerList {
    partners: Option<Vec<Wire>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    id: Option<String>,
    name: Option<String>,
    enterprise_id: Option<String>,
    active: Option<bool>,
    broker: Option<bool>,
    client_dispute_window_minutes: Option<DecimalText>,
    top_up_window_minutes: Option<DecimalText>,
}

/// The enterprise's own entry among all partners that the venue shows it; `None` where there is none.
///
/// The list cannot be filtered by enterprise and tells no total, and an entry that is overlooked would look like no
/// partner at all. So a short page is not believed to be the last: a page that brings nothing new is.
pub(super) async fn read(client: &Client, enterprise_id: &EnterpriseId) -> Result<Option<PartnerTerms>, VenueFailure> {
    let mut seen = HashSet::new();
    let mut own = Vec::new();
    for number in 0..MAX_PAGES {
        let url = Target::new(client, enterprise_id, &["partners"])?.page(Page { number, size: PAGE_SIZE })?;
        let list: PartnerList = client.read(Method::GET, url, None).await?;
        let known = seen.len();
        for partner in list.partners.ok_or(Unmapped("partners"))? {
            let is_first = seen.insert(required(partner.id.clone(), "partners.id")?);
            if is_first && partner.enterprise_id.as_deref() == Some(enterprise_id.as_str()) {
                own.push(terms(partner)?);
            }
        }
        if seen.len() == known {
            return only(own);
        }
    }
    Err(unreadable("the partners have too many pages"))
}

/// Two partners of one enterprise leave open whose windows count. One that was given up does not.
fn only(mut own: Vec<PartnerTerms>) -> Result<Option<PartnerTerms>, VenueFailure> {
    if own.len() > 1 {
        own.retain(|terms| terms.active != Some(false));
    }
    match own.len() {
        0 | 1 => Ok(own.pop()),
        _ => Err(unreadable("the enterprise is more than one partner")),
    }
}

fn terms(wire: Wire) -> Result<PartnerTerms, Unmapped> {
    Ok(PartnerTerms {
        partner_id: wire.id.unwrap_or_default(),
        enterprise_id: wire.enterprise_id.unwrap_or_default(),
        name: wire.name.unwrap_or_default(),
        active: wire.active,
        broker: wire.broker,
        client_dispute_window_minutes: minutes(wire.client_dispute_window_minutes, "partners.clientDisputeWindowMinutes")?,
        top_up_window_minutes: minutes(wire.top_up_window_minutes, "partners.topUpWindowMinutes")?,
    })
}

/// Whole minutes. Anything else is no absence: an absent window means that disputes are off.
fn minutes(wire: Option<DecimalText>, member: &'static str) -> Result<Option<u32>, Unmapped> {
    wire.map(|text| text.0.parse().map_err(|_| Unmapped(member))).transpose()
}

fn unreadable(detail: &str) -> VenueFailure {
    VenueFailure::Unreadable { detail: detail.to_owned() }
}
