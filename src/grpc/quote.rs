//! QuoteService.

use tonic::{Request, Response, Status};

use super::call::{Call, HandlerSettings};
use super::convert::quote as convert;
use super::pb;
use super::status::About;
use crate::domain::quote::Quote;
use crate::service::{Context, create_quote, get_quote};

/// The handlers of QuoteService.
#[derive(Clone)]
pub struct QuoteApi {
    context: Context,
    settings: HandlerSettings,
}

impl QuoteApi {
    /// Handlers over these ports.
    #[must_use]
    pub fn new(context: Context, settings: HandlerSettings) -> Self {
        Self { context, settings }
    }

    fn shown(&self, quote: Quote) -> Option<pb::Quote> {
        Some(convert::quote(quote, self.context.clock.now()))
    }
}

#[tonic::async_trait]
impl pb::quote_service_server::QuoteService for QuoteApi {
    async fn create_quote(&self, request: Request<pb::CreateQuoteRequest>) -> Result<Response<pb::CreateQuoteResponse>, Status> {
        let call = Call::open(&request, About::call("QuoteService/CreateQuote"), self.settings)?;
        let asked = call.converted(convert::create(request.get_ref()))?;
        let quote = call.read(create_quote(&self.context, call.caller(), asked)).await?;
        Ok(Response::new(pb::CreateQuoteResponse { quote: self.shown(quote) }))
    }

    async fn get_quote(&self, request: Request<pb::GetQuoteRequest>) -> Result<Response<pb::GetQuoteResponse>, Status> {
        let about = About::call("QuoteService/GetQuote").venue_lacks(pb::ErrorReason::QuoteNotFound);
        let call = Call::open(&request, about, self.settings)?;
        let asked = call.converted(convert::get(request.get_ref()))?;
        let quote = get_quote(&self.context, call.caller(), &asked.merchant_id, &asked.tx_id, asked.refresh);
        let quote = call.read(quote).await?;
        Ok(Response::new(pb::GetQuoteResponse { quote: self.shown(quote) }))
    }
}
