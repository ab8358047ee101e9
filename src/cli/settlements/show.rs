//! `settlements show` and `settlements timeline`.

use clap::Args;

use super::{CommandError, Common, told};
use crate::grpc::pb;
use crate::grpc::pb::get_settlement_request::Name;

/// The name of the answer in the contract.
const ANSWER: &str = "GetSettlementResponse";

/// Arguments of `settlements show`.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    pub(super) common: Common,
}

/// Arguments of `settlements timeline`.
#[derive(Debug, Args)]
pub(super) struct TimelineArgs {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    pub(super) common: Common,
}

/// Which settlement.
#[derive(Debug, Args)]
struct Named {
    /// The caller's name for the settlement.
    #[arg(value_name = "EXTERNAL_ID", required_unless_present = "settlement_id")]
    external_id: Option<String>,
    /// The venue's name for it, in place of the caller's.
    #[arg(long, value_name = "ID", conflicts_with = "external_id")]
    settlement_id: Option<String>,
}

pub(super) async fn run(args: &ShowArgs) -> Result<String, CommandError> {
    let found = found(&args.common, &args.named).await?;
    args.common.tell((ANSWER, &found), found.settlement.as_ref(), told::whole)
}

pub(super) async fn timeline(args: &TimelineArgs) -> Result<String, CommandError> {
    let found = found(&args.common, &args.named).await?;
    args.common.tell((ANSWER, &found), found.settlement.as_ref(), told::timeline)
}

async fn found(common: &Common, named: &Named) -> Result<pb::GetSettlementResponse, CommandError> {
    let name = match (&named.external_id, &named.settlement_id) {
        (Some(id), _) => Some(Name::ExternalId(id.clone())),
        (None, id) => id.clone().map(Name::SettlementId),
    };
    let client = common.client().await?;
    let request = pb::GetSettlementRequest { enterprise_id: common.enterprise.clone(), name };
    Ok(client.answer(client.settlements().get_settlement(client.request(request))).await?)
}
