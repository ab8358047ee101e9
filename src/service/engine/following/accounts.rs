//! Whose each network account is, remembered for each enterprise.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::look::{Look, Trouble};
use crate::domain::ids::EnterpriseId;
use crate::domain::network::{Connection, ConnectionQuery, Page};
use crate::domain::settlement::{Accounts, Shape};
use crate::domain::transfer::Transfer;

/// Connections that are asked for at once.
const PAGE_SIZE: u32 = 500;
/// The most pages that are read: more connections than any partner is known to have.
const MAX_PAGES: u32 = 50;

/// What is remembered. An account never changes hands, so that only one that nobody knows calls for another read.
#[derive(Default)]
pub(in crate::service::engine) struct KnownAccounts(Mutex<BTreeMap<EnterpriseId, Arc<Accounts>>>);

impl KnownAccounts {
    fn of(&self, enterprise_id: &EnterpriseId) -> Option<Arc<Accounts>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(enterprise_id).cloned()
    }

    fn keep(&self, enterprise_id: &EnterpriseId, accounts: &Arc<Accounts>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(enterprise_id.clone(), Arc::clone(accounts));
    }
}

impl Look<'_> {
    /// The accounts that explain these transfers, as far as the venue's connections do.
    pub(super) async fn accounts(&mut self, transfers: &[Transfer], shape: Shape) -> Result<Arc<Accounts>, Trouble> {
        let known = self.engine.inner.accounts.of(&self.enterprise.id);
        if let Some(known) = known.filter(|known| known.explain(transfers, shape)) {
            return Ok(known);
        }
        let accounts = Arc::new(Accounts::of(&self.connections().await?));
        self.engine.inner.accounts.keep(&self.enterprise.id, &accounts);
        Ok(accounts)
    }

    /// All connections, read until a page brings nothing new.
    async fn connections(&mut self) -> Result<Vec<Connection>, Trouble> {
        let (mut seen, mut connections) = (HashSet::new(), Vec::new());
        for number in 0..MAX_PAGES {
            let query = ConnectionQuery {
                enterprise_id: self.enterprise.id.clone(),
                connection_ids: Vec::new(),
                active: None,
                page: Page { number, size: PAGE_SIZE },
            };
            let reads = self.enterprise.reads.as_ref();
            let page = self.call(|| reads.connections(&query)).await?;
            let known = connections.len();
            connections.extend(page.into_iter().filter(|connection| seen.insert(connection.id.clone())));
            if connections.len() == known {
                return Ok(connections);
            }
        }
        Err(Trouble::unreadable("the connections have too many pages"))
    }
}
