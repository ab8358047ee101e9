//! QuoteService.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::Stream;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::call::{Call, HandlerSettings};
use super::convert::quote as convert;
use super::pb;
use super::refused::Wanted;
use super::status::{self, About, Kind};
use super::watches::{WatchLimits, Watches};
use crate::domain::quote::Quote;
use crate::kill_points::{KillPoint, reached};
use crate::service::{Context, cancel_quote, confirm_quote, create_quote, get_quote, watch_quote};

/// The handlers of QuoteService.
#[derive(Clone)]
pub struct QuoteApi {
    context: Context,
    settings: HandlerSettings,
    watches: Arc<Watches>,
}

impl QuoteApi {
    /// Handlers over these ports.
    #[must_use]
    pub fn new(context: Context, settings: HandlerSettings, watches: WatchLimits) -> Self {
        Self { context, settings, watches: Watches::new(watches) }
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

    async fn confirm_quote(
        &self,
        request: Request<pb::ConfirmQuoteRequest>,
    ) -> Result<Response<pb::ConfirmQuoteResponse>, Status> {
        let call = Call::open(&request, About::call("QuoteService/ConfirmQuote").that(Kind::Changes), self.settings)?;
        let confirming = async {
            let asked = call.converted(convert::confirm(request.get_ref()))?;
            let quote = confirm_quote(&self.context, call.caller(), &asked, call.patience()).await;
            reached(KillPoint::Q10Answering);
            call.answered(quote)
        };
        let quote = call.audited(&self.context.refusals, Wanted::named(&request.get_ref().tx_id), confirming).await?;
        Ok(Response::new(pb::ConfirmQuoteResponse { quote: self.shown(quote) }))
    }

    async fn cancel_quote(&self, request: Request<pb::CancelQuoteRequest>) -> Result<Response<pb::CancelQuoteResponse>, Status> {
        let about = About::call("QuoteService/CancelQuote").venue_lacks(pb::ErrorReason::QuoteNotFound);
        let call = Call::open(&request, about, self.settings)?;
        let (merchant_id, tx_id) = call.converted(convert::cancel(request.get_ref()))?;
        let quote = call.read(cancel_quote(&self.context, call.caller(), &merchant_id, &tx_id)).await?;
        Ok(Response::new(pb::CancelQuoteResponse { quote: self.shown(quote) }))
    }

    type WatchQuoteStream = Pin<Box<dyn Stream<Item = Result<pb::WatchQuoteResponse, Status>> + Send>>;

    async fn watch_quote(&self, request: Request<pb::WatchQuoteRequest>) -> Result<Response<Self::WatchQuoteStream>, Status> {
        let call = Call::open(&request, About::call("QuoteService/WatchQuote"), self.settings)?;
        let (merchant_id, tx_id) = call.converted(convert::watch(request.get_ref()))?;
        let watch = call.begun(self.watches.begin(&call.caller().grants.caller))?;
        let after = request.get_ref().after_sequence;
        let quotes = call.read(watch_quote(&self.context, call.caller(), &merchant_id, &tx_id, after)).await?;
        let (api, about) = (self.clone(), call.into_about());
        let answers = ReceiverStream::new(quotes).map(move |quote| {
            // The stream owns its place among the watches and gives it back when it is dropped.
            let _ = &watch;
            match quote {
                Ok(quote) => Ok(pb::WatchQuoteResponse { quote: api.shown(quote) }),
                Err(error) => Err(status::status(&error, &about)),
            }
        });
        Ok(Response::new(Box::pin(answers)))
    }
}
