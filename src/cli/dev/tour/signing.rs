//! SigningService: seed 003's payload signed, and the signature verified.

use tonic::transport::Channel;

use super::super::recipes::{TRADE_PAYLOAD, V1_KEY};
use super::{TourError, hold, print};
use crate::grpc::pb::signing_service_client::SigningServiceClient;
use crate::grpc::pb::{ListKeysRequest, SignPayloadRequest, VerifyPayloadRequest, verify_payload_request};

pub(super) async fn tour(channel: Channel) -> Result<(), TourError> {
    let mut signing = SigningServiceClient::new(channel);

    let list = ListKeysRequest {};
    print::request("SigningService/ListKeys", "which keys there are", &list);
    let keys = signing.list_keys(list).await?.into_inner();
    print::answer(&keys);
    hold(keys.keys.len() == 2, "there should be two keys")?;

    let sign = SignPayloadRequest { key_id: V1_KEY.to_owned(), payload: TRADE_PAYLOAD.to_owned() };
    print::request("SigningService/SignPayload", "seed 003's payload", &sign);
    let signed = signing.sign_payload(sign.clone()).await?.into_inner();
    print::answer(&signed);
    let again = signing.sign_payload(sign).await?.into_inner();
    hold(again == signed, "the same payload should get the stored signature")?;

    let verify = VerifyPayloadRequest {
        payload: TRADE_PAYLOAD.to_owned(),
        signature: signed.signature,
        signer: Some(verify_payload_request::Signer::PublicKey(signed.public_key)),
    };
    print::request("SigningService/VerifyPayload", "whether that signature holds", &verify);
    let verified = signing.verify_payload(verify).await?.into_inner();
    print::answer(&verified);
    hold(verified.valid, "the signature should be valid")
}
