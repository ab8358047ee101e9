//! Every RPC that this server has, by its path: what metrics and logs may name.
//!
//! A path is the peer's text. Only known ones become labels, or anybody could
//! fill the metrics with names of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use prost::{DecodeError, Message};
use prost_types::FileDescriptorSet;

use super::pb;
use super::reflection::REFLECTION_DESCRIPTOR_SETS;

/// A known RPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rpc {
    /// The service with its package, such as `settlement.v1.QuoteService`.
    pub(super) service: Arc<str>,
    /// The method.
    pub(super) method: Arc<str>,
}

/// The table from path to RPC.
#[derive(Debug)]
pub(super) struct KnownRpcs {
    by_path: BTreeMap<String, Rpc>,
    unknown: Rpc,
}

impl KnownRpcs {
    /// Reads the table from the compiled contracts.
    pub(super) fn new() -> Result<Self, DecodeError> {
        let mut by_path = BTreeMap::new();
        let sets = [pb::FILE_DESCRIPTOR_SET, tonic_health::pb::FILE_DESCRIPTOR_SET];
        for encoded in sets.into_iter().chain(REFLECTION_DESCRIPTOR_SETS) {
            for file in FileDescriptorSet::decode(encoded)?.file {
                for service in &file.service {
                    let name: Arc<str> = format!("{}.{}", file.package(), service.name()).into();
                    by_path.extend(service.method.iter().map(|method| {
                        let rpc = Rpc { service: Arc::clone(&name), method: method.name().into() };
                        (format!("/{name}/{}", method.name()), rpc)
                    }));
                }
            }
        }
        Ok(Self { by_path, unknown: Rpc { service: "unknown".into(), method: "unknown".into() } })
    }

    /// The RPC behind a path, or one that is called `unknown`.
    pub(super) fn at(&self, path: &str) -> &Rpc {
        self.by_path.get(path).unwrap_or(&self.unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rpcs_of_the_contract_and_of_health_are_named_and_inventions_are_not() {
        let known = KnownRpcs::new().unwrap();
        let name = |path| format!("{}/{}", known.at(path).service, known.at(path).method);
        let settle = "/settlement.v1.SettlementService/InitiateSettlement";
        assert_eq!(format!("/{}", name(settle)), settle);
        assert_eq!(name("/grpc.health.v1.Health/Check"), "grpc.health.v1.Health/Check");
        assert_eq!(name("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo").split('/').count(), 2);
        assert_eq!(name("/settlement.v1.SettlementService/Invented"), "unknown/unknown");
        assert_eq!(name("/"), "unknown/unknown");
    }
}
