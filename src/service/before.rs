//! What is looked at before a settlement is recorded: whether its route is the venue's, and whether accounts hold what it takes.

use metrics::counter;
use tracing::warn;

use super::context::Context;
use super::directory::Enterprise;
use super::error::{ServiceError, VenueCall};
use super::funds::{self, Funds};
use crate::causes::with_causes;
use crate::domain::network::PartnerTerms;
use crate::domain::policy::CheckBefore;
use crate::domain::settlement::{Intent, Route};

/// The partner's terms at the venue, once its route is the configured one; `None` where the venue tells no terms. The other
/// route is never taken by itself: its bytes and its promises are others.
pub(super) async fn hold_route(
    context: &Context,
    enterprise: &Enterprise,
    route: Route,
) -> Result<Option<PartnerTerms>, ServiceError> {
    let terms = terms(context, enterprise).await?;
    match terms.as_ref().map(PartnerTerms::route) {
        Some(venue) if venue != route => Err(ServiceError::RouteMismatch { configured: route, venue }),
        _ => Ok(terms),
    }
}

/// The partner's terms at the venue, whatever they say; `None` where the venue tells none.
pub(super) async fn terms(context: &Context, enterprise: &Enterprise) -> Result<Option<PartnerTerms>, ServiceError> {
    let terms = enterprise.partner_terms(context.clock.now()).await;
    terms.map_err(|failure| ServiceError::Venue { call: VenueCall::Read, failure })
}

/// Reads what accounts hold beside what a settlement takes.
pub(super) async fn look(context: &Context, enterprise: &Enterprise, intent: &Intent) -> Result<Funds, ServiceError> {
    let funds = funds::check(enterprise, intent, context.clock.as_ref()).await;
    funds.map_err(|failure| ServiceError::Venue { call: VenueCall::Read, failure })
}

/// Looks before a settlement is recorded, as the enterprise is configured. A mere report that cannot be made stops nothing;
/// a route that the venue will refuse always does.
pub(super) async fn check(
    context: &Context,
    enterprise: &Enterprise,
    check: CheckBefore,
    intent: &Intent,
) -> Result<Option<Funds>, ServiceError> {
    if check == CheckBefore::Off {
        return Ok(None);
    }
    let looked = match hold_route(context, enterprise, intent.route).await {
        Ok(_) => look(context, enterprise, intent).await,
        Err(error) => Err(error),
    };
    match looked {
        Err(error) if check == CheckBefore::Report && !matches!(error, ServiceError::RouteMismatch { .. }) => {
            counter!("settlement_gateway_checks_failed_total").increment(1);
            let (enterprise, external_id) = (enterprise.id.as_str(), intent.asked.external_id.as_str());
            warn!(enterprise, external_id, error = with_causes(&error), "a settlement goes out without a look at its funds");
            Ok(None)
        }
        Err(error) => Err(error),
        Ok(funds) => {
            report(enterprise, intent, &funds);
            if check == CheckBefore::Refuse && !funds.shortfalls.is_empty() {
                return Err(ServiceError::ShortOfFunds(Box::new(funds)));
            }
            Ok(Some(funds))
        }
    }
}

fn report(enterprise: &Enterprise, intent: &Intent, funds: &Funds) {
    if let Some(first) = funds.shortfalls.first() {
        counter!("settlement_gateway_shortfalls_found_total").increment(1);
        let (enterprise, external_id) = (enterprise.id.as_str(), intent.asked.external_id.as_str());
        let connection = first.connection_id.as_deref().unwrap_or("the partner's own");
        let (count, currency) = (funds.shortfalls.len(), first.currency.as_str());
        warn!(enterprise, external_id, count, connection, currency, "accounts do not hold what a settlement takes");
    }
}
