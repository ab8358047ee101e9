//! The contract's messages in Protocol Buffers' JSON form.

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};

use super::CommandError;
use crate::grpc::pb::FILE_DESCRIPTOR_SET;

/// What a message of this name says, as JSON.
pub(super) fn text(name: &str, message: &impl Message) -> Result<String, CommandError> {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).map_err(|_| CommandError::Answer("the contract cannot be read"))?;
    let descriptor = pool.get_message_by_name(&format!("settlement.v1.{name}"));
    let descriptor = descriptor.ok_or(CommandError::Answer("the contract has no such message"))?;
    let dynamic = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice());
    let dynamic = dynamic.map_err(|_| CommandError::Answer("it is not what the contract says"))?;
    serde_json::to_string_pretty(&dynamic).map_err(|_| CommandError::Answer("it cannot be written as JSON"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grpc::pb;

    #[test]
    fn the_form_is_that_of_grpcurl() {
        let settlement = pb::Settlement {
            external_id: "day-1".to_owned(),
            state: pb::SettlementState::NeedsOperator.into(),
            sequence: 7,
            created_at: Some(prost_types::Timestamp { seconds: 1_773_835_200, nanos: 0 }),
            ..pb::Settlement::default()
        };
        let told = text("GetSettlementResponse", &pb::GetSettlementResponse { settlement: Some(settlement) }).unwrap();
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        let expected = serde_json::json!({ "settlement": {
            "externalId": "day-1",
            "state": "SETTLEMENT_STATE_NEEDS_OPERATOR",
            "sequence": "7",
            "createdAt": "2026-03-18T12:00:00Z",
        }});
        assert_eq!(told, expected);
    }

    #[test]
    fn a_message_that_the_contract_does_not_have_is_no_answer() {
        assert!(text("NoSuchMessage", &pb::Settlement::default()).is_err());
    }
}
