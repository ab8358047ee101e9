//! GetBalances: its request and its answer.

use super::limits::{MAX_FILTER_CURRENCIES, MAX_FILTER_IDS};
use super::time::to_proto;
use super::violations::{InvalidRequest, Violations};
use crate::domain::ids::{ConnectionId, Currency, EnterpriseId};
use crate::domain::settlement::NetworkBalance;
use crate::grpc::pb;
use crate::service::{Balances, BalancesQuery};

/// Reads a request.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn request(request: &pb::GetBalancesRequest) -> Result<BalancesQuery, InvalidRequest> {
    let mut violations = Violations::new();
    let enterprise_id = violations.required("enterprise_id", &request.enterprise_id, EnterpriseId::new);
    let connection_ids = violations.each("connection_ids", &request.connection_ids, MAX_FILTER_IDS, ConnectionId::new);
    let currencies = violations.each("currencies", &request.currencies, MAX_FILTER_CURRENCIES, Currency::new);
    violations.finish(|| {
        Some(BalancesQuery { enterprise_id: enterprise_id?, connection_ids: connection_ids?, currencies: currencies? })
    })
}

/// The answer.
#[must_use]
pub fn response(read: Balances) -> pb::GetBalancesResponse {
    pb::GetBalancesResponse {
        balances: read.balances.into_iter().map(balance).collect(),
        own_balance_told: read.own_balance_told,
        read_at: Some(to_proto(read.read_at)),
    }
}

fn balance(balance: NetworkBalance) -> pb::Balance {
    pb::Balance {
        connection_id: balance.connection_id,
        currency: balance.currency,
        available: balance.available,
        held: balance.held,
    }
}
