//! SigningService.

use tonic::{Request, Response, Status};

use super::call::{Call, HandlerSettings};
use super::convert::signing as convert;
use super::pb;
use super::refused::Wanted;
use super::status::About;
use crate::service::{Context, list_keys, sign_payload, verify_payload};

/// The handlers of SigningService.
#[derive(Clone)]
pub struct SigningApi {
    context: Context,
    settings: HandlerSettings,
}

impl SigningApi {
    /// Handlers over these ports.
    #[must_use]
    pub fn new(context: Context, settings: HandlerSettings) -> Self {
        Self { context, settings }
    }

    fn open<T>(&self, request: &Request<T>, rpc: &'static str) -> Result<Call, Status> {
        Call::open(request, About::call(rpc), self.settings)
    }
}

#[tonic::async_trait]
impl pb::signing_service_server::SigningService for SigningApi {
    async fn sign_payload(&self, request: Request<pb::SignPayloadRequest>) -> Result<Response<pb::SignPayloadResponse>, Status> {
        let call = self.open(&request, "SigningService/SignPayload")?;
        let asked = request.into_inner();
        let wanted = Wanted::signature(&asked.key_id, &asked.payload);
        let signing = async {
            let asked = call.converted(convert::sign(asked))?;
            let signed = sign_payload(&self.context, call.caller(), &asked.key_id, asked.payload).await;
            Ok(Response::new(convert::signed(call.answered(signed)?)))
        };
        call.audited(&self.context.refusals, wanted, signing).await
    }

    async fn verify_payload(
        &self,
        request: Request<pb::VerifyPayloadRequest>,
    ) -> Result<Response<pb::VerifyPayloadResponse>, Status> {
        let call = self.open(&request, "SigningService/VerifyPayload")?;
        let asked = call.converted(convert::verify(request.into_inner()))?;
        let verified = verify_payload(&self.context, call.caller(), &asked.payload, &asked.signature, &asked.with);
        Ok(Response::new(convert::verified(call.answered(verified)?)))
    }

    async fn list_keys(&self, request: Request<pb::ListKeysRequest>) -> Result<Response<pb::ListKeysResponse>, Status> {
        let call = self.open(&request, "SigningService/ListKeys")?;
        let keys = call.answered(list_keys(&self.context, call.caller()))?;
        Ok(Response::new(pb::ListKeysResponse { keys: keys.iter().map(convert::key).collect() }))
    }
}
