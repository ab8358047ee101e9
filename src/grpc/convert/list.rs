//! ListSettlements: its request, with the token that is bound to it, and its answer.

use std::collections::HashSet;

use jiff::Timestamp;
use uuid::Uuid;

use super::limits::{MAX_FILTER_STATES, MAX_PAGE_TOKEN_BYTES};
use super::settlement::summary;
use super::violations::{InvalidRequest, Violations};
use crate::domain::ids::EnterpriseId;
use crate::domain::settlement::{Settlement, State};
use crate::grpc::page_token::Filter;
use crate::grpc::pb;
use crate::store::ListQuery;

/// A page that is asked for, and the filter that its token is bound to.
#[derive(Debug, Clone)]
pub struct ListRequest {
    /// What to read.
    pub query: ListQuery,
    filter: Filter,
}

/// Reads a request for a page.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn request(request: &pb::ListSettlementsRequest) -> Result<ListRequest, InvalidRequest> {
    let mut violations = Violations::new();
    let enterprise_id = violations.required("enterprise_id", &request.enterprise_id, EnterpriseId::new);
    let states = states(&mut violations, &request.states);
    let created_from = violations.optional_time("created_after", request.created_after);
    let created_before = violations.optional_time("created_before", request.created_before);
    if let (Some(Some(from)), Some(Some(before))) = (created_from, created_before)
        && before <= from
    {
        violations.add("created_before", "must be later than created_after");
    }
    let limit = violations.page_size("page_size", request.page_size);
    let mut query = None;
    if let (Some(enterprise_id), Some(states), Some(created_from), Some(created_before), Some(limit)) =
        (enterprise_id, states, created_from, created_before, limit)
    {
        query = Some(ListQuery { enterprise_id, states, created_from, created_before, after: None, limit });
    }
    let bound = query.map(|query| bind(&mut violations, query, request.page_token.as_deref()));
    violations.finish(|| bound)
}

/// Reads the token, once every field that it is bound to is read.
fn bind(violations: &mut Violations, mut query: ListQuery, token: Option<&str>) -> ListRequest {
    let filter = filter(&query);
    if let Some(token) = token
        && violations.length("page_token", token, MAX_PAGE_TOKEN_BYTES)
    {
        query.after = violations.required("page_token", token, |token| filter.position(token)).map(Uuid::from_bytes);
    }
    ListRequest { query, filter }
}

fn filter(query: &ListQuery) -> Filter {
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    Filter::of("SettlementService/ListSettlements")
        .text(query.enterprise_id.as_str())
        .texts(query.states.iter().map(|state| state.as_str()))
        .text(&time(query.created_from))
        .text(&time(query.created_before))
        .text(&query.limit.to_string())
}

/// Reads a filter of states.
pub(super) fn states(violations: &mut Violations, numbers: &[i32]) -> Option<Vec<State>> {
    if !violations.count("states", numbers.len(), 0, MAX_FILTER_STATES) {
        return None;
    }
    let mut seen = HashSet::new();
    let mut states = Vec::with_capacity(numbers.len());
    for (index, number) in numbers.iter().enumerate() {
        if !seen.insert(number) {
            violations.add(format_args!("states[{index}]"), "repeats an earlier entry");
        }
        let shown: Option<pb::SettlementState> = violations.known(format_args!("states[{index}]"), *number);
        if shown == Some(pb::SettlementState::Unspecified) {
            violations.add(format_args!("states[{index}]"), "must not be unspecified");
        }
        states.extend(State::ALL.into_iter().find(|state| Some(pb::SettlementState::from(*state)) == shown));
    }
    // No settlement waits for an approval yet; a filter for nothing else would otherwise mean every state.
    let waits = |number: &i32| *number == i32::from(pb::SettlementState::AwaitingApproval);
    if !numbers.is_empty() && numbers.iter().all(waits) {
        violations.add("states", "must name a state that settlements can be in");
    }
    Some(states)
}

/// The answer: a page, and the token of the next one when there is more.
#[must_use]
pub fn response(page: &[Settlement], more: bool, request: &ListRequest) -> pb::ListSettlementsResponse {
    let last = page.last().filter(|_| more);
    pb::ListSettlementsResponse {
        settlements: page.iter().map(summary).collect(),
        next_page_token: last.map(|last| request.filter.token(last.id.into_bytes())).unwrap_or_default(),
    }
}
