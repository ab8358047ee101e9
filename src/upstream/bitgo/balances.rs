//! What the partner and its connections hold, page by page.

use std::collections::HashSet;

use reqwest::{Method, Url};

use super::client::Client;
use super::wire;
use crate::domain::settlement::NetworkBalance;
use crate::upstream::VenueFailure;
use crate::upstream::json::Pairs;
use crate::upstream::unmapped::{Unmapped, required};

/// Connections that are asked for at once.
const PAGE_SIZE: u32 = 500;
/// The most pages that are read: more connections than any partner is known to have.
const MAX_PAGES: u32 = 50;

/// All balances of all connections.
///
/// The venue may give fewer connections than were asked for and says no total, and a balance that is overlooked would
/// look like a shortfall. So a short page is not believed to be the last: a page that brings nothing new is.
pub(super) async fn all(client: &Client, url: &Url) -> Result<Vec<NetworkBalance>, VenueFailure> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for number in 0..MAX_PAGES {
        let page: wire::Balances = client.read(Method::GET, page_url(url, number), None).await?;
        let known = seen.len();
        if number == 0 {
            append(&mut found, None, page.balances)?;
        }
        for (connection, balances) in page.network_balances.ok_or(Unmapped("networkBalances"))?.0 {
            if seen.insert(connection.clone()) {
                append(&mut found, Some(&connection), balances.balances)?;
            }
        }
        if seen.len() == known {
            return Ok(found);
        }
    }
    Err(VenueFailure::Unreadable { detail: "the balances have too many pages".to_owned() })
}

fn page_url(url: &Url, number: u32) -> Url {
    let mut url = url.clone();
    url.query_pairs_mut().append_pair("pageNumber", &number.to_string()).append_pair("pageSize", &PAGE_SIZE.to_string());
    url
}

fn append(found: &mut Vec<NetworkBalance>, connection: Option<&str>, wire: Option<Pairs<wire::Balance>>) -> Result<(), Unmapped> {
    for (currency, balance) in wire.unwrap_or_default().0 {
        let available = required(balance.available.map(|available| available.0), "balances.available")?;
        let held = balance.held.map(|held| held.0);
        found.push(NetworkBalance { connection_id: connection.map(str::to_owned), currency, available, held });
    }
    Ok(())
}
