//! `settlements resume`.

use clap::Args;

use super::{CommandError, Common, told};
use crate::grpc::pb;

/// Arguments of `settlements resume`.
#[derive(Debug, Args)]
pub(super) struct ResumeArgs {
    /// The caller's name for the settlement.
    #[arg(value_name = "EXTERNAL_ID")]
    external_id: String,
    /// The settlement's sequence, as `settlements show` told it: nothing is done where it has changed since.
    #[arg(long, value_name = "NUMBER")]
    sequence: u64,
    #[command(flatten)]
    pub(super) common: Common,
}

pub(super) async fn run(args: &ResumeArgs) -> Result<String, CommandError> {
    let client = args.common.client().await?;
    let request = pb::RetrySettlementRequest {
        enterprise_id: args.common.enterprise.clone(),
        external_id: args.external_id.clone(),
        expected_sequence: args.sequence,
    };
    let answer = client.answer(client.settlements().retry_settlement(client.request(request))).await?;
    args.common.tell(("RetrySettlementResponse", &answer), answer.settlement.as_ref(), told::whole)
}
