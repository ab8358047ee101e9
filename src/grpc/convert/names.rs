//! Requests that only name a settlement: by one of its names, or at a sequence.

use super::violations::{InvalidRequest, Violations};
use crate::domain::ids::{EnterpriseId, ExternalId, SettlementId};
use crate::grpc::pb;
use crate::grpc::pb::get_settlement_request::Name as GetName;
use crate::grpc::pb::watch_settlement_request::Name as WatchName;
use crate::service::SettlementVersion;
use crate::store::SettlementName;

/// A settlement of an enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Whose.
    pub enterprise_id: EnterpriseId,
    /// Which.
    pub name: SettlementName,
}

/// Either name, whichever message it stands in.
enum Text<'a> {
    External(&'a str),
    Venue(&'a str),
}

/// Reads GetSettlement's request.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn get(request: &pb::GetSettlementRequest) -> Result<Named, InvalidRequest> {
    let name = request.name.as_ref().map(|name| match name {
        GetName::ExternalId(id) => Text::External(id),
        GetName::SettlementId(id) => Text::Venue(id),
    });
    named(&request.enterprise_id, name)
}

/// Reads WatchSettlement's request, less `after_sequence`, which may be any number.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn watch(request: &pb::WatchSettlementRequest) -> Result<Named, InvalidRequest> {
    let name = request.name.as_ref().map(|name| match name {
        WatchName::ExternalId(id) => Text::External(id),
        WatchName::SettlementId(id) => Text::Venue(id),
    });
    named(&request.enterprise_id, name)
}

/// Reads RetrySettlement's request.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn retry(request: &pb::RetrySettlementRequest) -> Result<SettlementVersion, InvalidRequest> {
    version(&request.enterprise_id, &request.external_id, request.expected_sequence)
}

/// Reads CancelSettlement's request.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn cancel(request: &pb::CancelSettlementRequest) -> Result<SettlementVersion, InvalidRequest> {
    version(&request.enterprise_id, &request.external_id, request.expected_sequence)
}

fn named(enterprise_id: &str, name: Option<Text<'_>>) -> Result<Named, InvalidRequest> {
    let mut violations = Violations::new();
    let enterprise_id = violations.required("enterprise_id", enterprise_id, EnterpriseId::new);
    let name = violations.present("name", name).and_then(|name| match name {
        Text::External(id) => violations.required("external_id", id, ExternalId::new).map(SettlementName::External),
        Text::Venue(id) => violations.required("settlement_id", id, SettlementId::new).map(SettlementName::Venue),
    });
    violations.finish(|| Some(Named { enterprise_id: enterprise_id?, name: name? }))
}

fn version(enterprise_id: &str, external_id: &str, expected_sequence: u64) -> Result<SettlementVersion, InvalidRequest> {
    let mut violations = Violations::new();
    let enterprise_id = violations.required("enterprise_id", enterprise_id, EnterpriseId::new);
    let external_id = violations.required("external_id", external_id, ExternalId::new);
    let expected_sequence = violations.within("expected_sequence", expected_sequence, 1, u64::MAX);
    violations.finish(|| {
        Some(SettlementVersion {
            enterprise_id: enterprise_id?,
            external_id: external_id?,
            expected_sequence: expected_sequence?,
        })
    })
}
