//! `settlements resolve`.

use clap::Args;

use super::{CommandError, Common, told};
use crate::grpc::pb;
use crate::grpc::pb::resolve_settlement_request::Decision;

/// Arguments of `settlements resolve`.
#[derive(Debug, Args)]
pub(super) struct ResolveArgs {
    /// The caller's name for the settlement.
    #[arg(value_name = "EXTERNAL_ID")]
    external_id: String,
    /// The settlement's sequence, as `settlements show` told it: nothing is decided where it has changed since.
    #[arg(long, value_name = "NUMBER")]
    sequence: u64,
    #[command(flatten)]
    decision: Decided,
    /// Why, for whoever reads the timeline later.
    #[arg(long, value_name = "TEXT")]
    why: String,
    #[command(flatten)]
    pub(super) common: Common,
}

/// What is so.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Decided {
    /// The gateway shall go on: what may have left is read back, and what the venue does not have goes out again, byte for byte.
    #[arg(long)]
    go_on: bool,
    /// It is this settlement at the venue, which must show it under this external id.
    #[arg(long, value_name = "ID")]
    settlement_id: Option<String>,
    /// The venue created nothing, and nothing can come any more: find that out with the venue first.
    #[arg(long)]
    not_created: bool,
}

impl Decided {
    fn to_proto(&self) -> Decision {
        match &self.settlement_id {
            Some(id) => Decision::SettlementId(id.clone()),
            None if self.go_on => Decision::GoOn(true),
            None => Decision::NotCreated(true),
        }
    }
}

pub(super) async fn run(args: &ResolveArgs) -> Result<String, CommandError> {
    let client = args.common.client().await?;
    let request = pb::ResolveSettlementRequest {
        enterprise_id: args.common.enterprise.clone(),
        external_id: args.external_id.clone(),
        expected_sequence: args.sequence,
        decision: Some(args.decision.to_proto()),
        why: args.why.clone(),
    };
    let answer = client.answer(client.admin().resolve_settlement(client.request(request))).await?;
    args.common.tell(("ResolveSettlementResponse", &answer), answer.settlement.as_ref(), told::whole)
}
