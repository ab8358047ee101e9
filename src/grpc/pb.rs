//! The public contract in Rust, generated from `proto/settlement/v1` by `build.rs`.
//!
//! The comments in the `.proto` files are the manual; here they are the types'
//! documentation.

pub use generated::*;

/// The compiled contract with all that it imports, without comments: what reflection serves.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/settlement_descriptor.bin"));

impl ErrorReason {
    /// The name that stands in `google.rpc.ErrorInfo.reason`: the value's own, less the enum's prefix.
    #[must_use]
    pub fn reason(self) -> &'static str {
        let name = self.as_str_name();
        name.strip_prefix("ERROR_REASON_").unwrap_or(name)
    }
}

/// What the generators write: the server's dispatch is one long function a service.
#[expect(clippy::too_many_lines)]
mod generated {
    tonic::include_proto!("settlement.v1");
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;
    use prost_types::FileDescriptorSet;

    fn services() -> Vec<(String, Vec<String>)> {
        let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
        let services = set.file.iter().flat_map(|file| &file.service);
        let mut names: Vec<_> = services
            .map(|service| (service.name().to_owned(), service.method.iter().map(|method| method.name().to_owned()).collect()))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn reflection_shows_every_rpc_of_the_contract() {
        let rpcs = |names: &str| names.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let settlement = "InitiateSettlement PreviewSettlement GetSettlement ListSettlements RetrySettlement CancelSettlement \
                          WatchSettlement ListSettlementEvents WatchSettlementEvents GetClientSettlement \
                          ListSettlementTransfers ListClientSettlements ListClientSettlementTransfers ListDisputes \
                          ListConnections GetBalances";
        let trade = "CreateTradeSettlement GetTradeSettlement ListTradeSettlements ListTradeSettlementEvents \
                     ListAffirmations Affirm Reject Cancel CalculateFees";
        let expected = [
            ("AdminService", rpcs("ResolveSettlement ResolveTradeSettlement ResolveQuoteConfirmation ListForeignSettlements")),
            ("QuoteService", rpcs("CreateQuote GetQuote ConfirmQuote CancelQuote WatchQuote")),
            ("SettlementService", rpcs(settlement)),
            ("SigningService", rpcs("SignPayload VerifyPayload ListKeys")),
            ("TradeSettlementService", rpcs(trade)),
        ];
        assert_eq!(services(), expected.map(|(name, methods)| (name.to_owned(), methods)));
    }

    #[test]
    fn the_descriptor_set_resolves_every_import_of_its_own() {
        let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
        let names: Vec<_> = set.file.iter().map(|file| file.name()).collect();
        for import in set.file.iter().flat_map(|file| &file.dependency) {
            assert!(names.contains(&import.as_str()), "{import}");
        }
    }

    #[test]
    fn every_reason_is_told_without_the_prefix_of_its_enum() {
        let reasons: Vec<_> = (0..1_000).filter_map(|number| ErrorReason::try_from(number).ok()).collect();
        assert_eq!(reasons.len(), crate::grpc::status::ROWS.len());
        for reason in reasons {
            assert_eq!(format!("ERROR_REASON_{}", reason.reason()), reason.as_str_name());
        }
    }
}
