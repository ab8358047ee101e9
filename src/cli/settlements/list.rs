//! `settlements list`.

use clap::Args;
use jiff::Timestamp;

use super::{CommandError, Common, json, told};
use crate::cli::output::OutputFormat;
use crate::grpc::pb;

/// The most settlements of one answer.
const PAGE: u32 = 200;

/// Arguments of `settlements list`.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Only settlements in this state, such as NEEDS_OPERATOR; may be given more than once.
    #[arg(long, value_name = "STATE", value_parser = parse_state)]
    state: Vec<pb::SettlementState>,
    /// Only settlements that were stored at this instant or later, such as 2026-03-18T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Only settlements that were stored before this instant.
    #[arg(long, value_name = "TIME")]
    before: Option<Timestamp>,
    /// The most settlements that are shown.
    #[arg(long, default_value_t = 50, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    #[command(flatten)]
    pub(super) common: Common,
}

pub(super) async fn run(args: &ListArgs) -> Result<String, CommandError> {
    let listed = listed(args).await?;
    match args.common.output {
        OutputFormat::Text => {
            Ok(told::list(&listed.settlements, listed.settlements.len() >= usize::try_from(args.limit).unwrap_or(usize::MAX))
                .join("\n"))
        }
        OutputFormat::Json => json::text("ListSettlementsResponse", &listed),
    }
}

/// As many pages as the limit takes, as one.
async fn listed(args: &ListArgs) -> Result<pb::ListSettlementsResponse, CommandError> {
    let client = args.common.client().await?;
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    // A token goes with the request that it came from, so every page is asked for in the same size.
    let mut request = pb::ListSettlementsRequest {
        enterprise_id: args.common.enterprise.clone(),
        states: args.state.iter().map(|&state| state.into()).collect(),
        created_after: args.since.map(proto),
        created_before: args.before.map(proto),
        page_size: i32::try_from(args.limit.min(PAGE)).unwrap_or_default(),
        page_token: None,
    };
    let mut found = Vec::new();
    loop {
        let mut settlements = client.settlements();
        let page = client.answer(settlements.list_settlements(client.request(request.clone()))).await?;
        found.extend(page.settlements);
        if page.next_page_token.is_empty() || found.len() >= limit {
            // A token would lead past what is cut off here.
            let next_page_token = if found.len() > limit { String::new() } else { page.next_page_token };
            found.truncate(limit);
            return Ok(pb::ListSettlementsResponse { settlements: found, next_page_token });
        }
        request.page_token = Some(page.next_page_token);
    }
}

fn proto(at: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() }
}

/// A state by its name, in either case, with hyphens or underscores, with the enum's prefix or without.
fn parse_state(text: &str) -> Result<pb::SettlementState, String> {
    let name = text.to_ascii_uppercase().replace('-', "_");
    let name = name.strip_prefix("SETTLEMENT_STATE_").unwrap_or(&name);
    let state = pb::SettlementState::from_str_name(&format!("SETTLEMENT_STATE_{name}"));
    state
        .filter(|&state| state != pb::SettlementState::Unspecified)
        .ok_or_else(|| "must be a state's name, such as NEEDS_OPERATOR".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_known_by_any_spelling_of_its_name() {
        for text in ["NEEDS_OPERATOR", "needs-operator", "SETTLEMENT_STATE_NEEDS_OPERATOR"] {
            assert_eq!(parse_state(text), Ok(pb::SettlementState::NeedsOperator), "{text}");
        }
        for text in ["", "UNSPECIFIED", "FAILED"] {
            assert!(parse_state(text).is_err(), "{text}");
        }
    }
}
