//! What a list says of one external id.

use super::{map, wire};
use crate::domain::ids::ExternalId;
use crate::domain::settlement::VenueSettlement;
use crate::upstream::VenueFailure;
use crate::upstream::unmapped::Unmapped;

/// The settlement of an external id in the list that was asked for it; `None` when the list is empty.
///
/// An absence decides whether money is sent again, so only an empty list is one. A list that holds others was not
/// filtered and may lack ours on this page; two of ours contradict the venue's promise. Both are no answer.
pub(super) fn one_of(list: wire::SettlementList, external_id: &ExternalId) -> Result<Option<VenueSettlement>, VenueFailure> {
    let all = list.settlements.ok_or(Unmapped("settlements"))?;
    let was_empty = all.is_empty();
    let mut ours = all.into_iter().filter(|settlement| settlement.external_id.as_deref() == Some(external_id.as_str()));
    match (ours.next(), ours.next()) {
        (Some(settlement), None) => Ok(Some(map::settlement(settlement)?)),
        (None, _) if was_empty => Ok(None),
        (None, _) => Err(unreadable("the list was not filtered by the external id")),
        (Some(_), Some(_)) => Err(unreadable("the list holds more than one settlement of the external id")),
    }
}

fn unreadable(detail: &str) -> VenueFailure {
    VenueFailure::Unreadable { detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(list: &str) -> Result<Option<VenueSettlement>, VenueFailure> {
        one_of(serde_json::from_str(list).unwrap(), &ExternalId::new("a").unwrap())
    }

    #[test]
    fn only_an_empty_list_is_an_absence() {
        assert_eq!(found(r#"{"settlements":[]}"#), Ok(None));
        for list in [r#"{}"#, r#"{"settlements":null}"#, r#"{"settlements":[{"id":"1","externalId":"b","status":"pending"}]}"#] {
            assert!(matches!(found(list), Err(VenueFailure::Unreadable { .. })), "{list}");
        }
    }

    #[test]
    fn ours_is_found_among_others_by_its_exact_id() {
        let list = r#"{"settlements":[{"id":"1","externalId":"A"},{"id":"2","externalId":"a","status":"pending"}]}"#;
        assert_eq!(found(list).unwrap().unwrap().settlement_id, "2");
    }

    #[test]
    fn two_of_ours_are_no_answer() {
        let one = r#"{"id":"1","externalId":"a","status":"pending"}"#;
        let list = format!(r#"{{"settlements":[{one},{one}]}}"#);
        assert!(matches!(found(&list), Err(VenueFailure::Unreadable { .. })));
    }
}
