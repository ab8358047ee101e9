//! Every answer to the confirmation of a quote, and to its cancellation: paid out once, and nothing unknown called refused.

use std::time::Duration;

use settlement_gateway::domain::quote::{ConfirmationState, Quote, QuoteStatus};
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint};
use settlement_gateway::service::{QuoteDesk, ServiceError, cancel_quote};

use super::shop::{Shop, altered, merchant, stale, state};
use crate::support::answers::{CameTo, Row, Try, Write, every_answer};
use crate::support::world::caller;

/// A shop that believes after a moment, and that looks at no payout meanwhile.
async fn shop() -> Shop {
    let unhurried = |desk: &mut QuoteDesk| {
        desk.pace.silence_window = Duration::from_millis(100);
        desk.pace.poll_interval = Duration::from_secs(3_600);
    };
    Shop::with(|_| (), unhurried).await
}

/// Whether a row's answer is a refusal that the venue documents, in its own words.
fn is_refusal(row: &Row) -> bool {
    row.body == Body::Bitlipa && matches!(row.status, 400 | 401 | 403 | 404 | 409 | 410 | 422)
}

/// Having a quote paid out.
struct Confirm(Shop);

impl Write for Confirm {
    const NAME: &'static str = "quote confirm";
    const LEFT_OUT: usize = 0;

    async fn open(_: Try) -> Self {
        Self(shop().await)
    }

    /// Whatever was answered, a reading decides: it is there, or it goes out again, or the venue refused it for certain.
    fn expected(row: &Row) -> Option<CameTo> {
        let is_refused = row.what == Try::WithoutEffect && is_refusal(row);
        let state = if is_refused { ConfirmationState::Refused } else { ConfirmationState::Confirmed };
        Some(CameTo { state: state.as_str(), effects: u64::from(!is_refused) })
    }

    async fn meet(&self, row: &Row) -> CameTo {
        let (shop, before) = (&self.0, self.0.confirmations());
        let quote = shop.quote().await;
        if row.what == Try::AfterALostAnswer {
            shop.disturb(Endpoint::QuoteConfirm, 1, Behaviour::AcceptThenCut);
            shop.disturb(Endpoint::QuoteGet, 1, altered([]));
            shop.disturb(Endpoint::QuoteGet, 1, stale());
        }
        shop.sandbox.faults().push(row.answer(Endpoint::QuoteConfirm));
        let state = match shop.confirm(&quote).await {
            Ok(quote) => state(&quote).as_str(),
            Err(ServiceError::ConfirmationRefused(quote)) => state(&quote).as_str(),
            Err(error) => panic!("{}: {error:?}", row.name()),
        };
        assert_eq!(shop.sandbox.faults().waiting(), 0, "{}", row.name());
        let sent_once = row.what == Try::WithEffect || state == ConfirmationState::Refused.as_str();
        assert_eq!(shop.confirmations() - before, if sent_once { 1 } else { 2 }, "{}", row.name());
        CameTo { state, effects: u64::from(shop.name_at_venue(&quote).is_some()) }
    }
}

/// Giving a quote up.
struct Cancel(Shop);

impl Cancel {
    /// What the caller is told.
    async fn told(&self, quote: &Quote) -> &'static str {
        match cancel_quote(&self.0.context, &caller(), &merchant(), &quote.venue.tx_id).await {
            Ok(quote) if quote.venue.status == QuoteStatus::Cancelled => "CANCELLED",
            Err(ServiceError::CancellationUnknown) => "UNKNOWN",
            Err(ServiceError::Venue { .. }) => "REFUSED",
            other => panic!("{other:?}"),
        }
    }
}

impl Write for Cancel {
    const NAME: &'static str = "quote cancel";
    const LEFT_OUT: usize = 0;

    async fn open(_: Try) -> Self {
        Self(shop().await)
    }

    /// A reading decides; one that shows the quote as offered says nothing after a conflict, or after what is nobody's word.
    fn expected(row: &Row) -> Option<CameTo> {
        let is_turned_away = row.status == 429 && !row.is_enormous();
        let (state, effects) = match row.what {
            Try::WithEffect | Try::AfterALostAnswer => ("CANCELLED", 1),
            Try::WithoutEffect if is_turned_away || (is_refusal(row) && row.status != 409) => ("REFUSED", 0),
            Try::WithoutEffect => ("UNKNOWN", 0),
        };
        Some(CameTo { state, effects })
    }

    async fn meet(&self, row: &Row) -> CameTo {
        let shop = &self.0;
        let calls = || shop.sandbox.ledger().requests_containing("POST /api/v1/settlements/cancel");
        let (quote, before) = (shop.quote().await, calls());
        if row.what == Try::AfterALostAnswer {
            shop.disturb(Endpoint::QuoteCancel, 1, Behaviour::AcceptThenCut);
            shop.disturb(Endpoint::QuoteGet, 1, Behaviour::CutBefore);
            assert_eq!(self.told(&quote).await, "UNKNOWN", "{}", row.name());
        }
        shop.sandbox.faults().push(row.answer(Endpoint::QuoteCancel));
        let state = self.told(&quote).await;
        assert_eq!(shop.sandbox.faults().waiting(), 0, "{}", row.name());
        assert_eq!(calls() - before, if row.what == Try::AfterALostAnswer { 2 } else { 1 }, "{}", row.name());
        let is_cancelled = shop.sandbox.ledger().quote(quote.venue.tx_id.as_str()).unwrap().cancelled;
        CameTo { state, effects: u64::from(is_cancelled) }
    }
}

#[tokio::test]
async fn every_answer_to_a_confirmation_comes_to_its_state_and_pays_out_at_most_once() {
    every_answer::<Confirm>().await;
}

#[tokio::test]
async fn every_answer_to_a_cancellation_is_told_as_what_it_is() {
    every_answer::<Cancel>().await;
}
