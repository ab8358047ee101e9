//! The venues: whether each credential is taken, what it may read, the terms, the unit of amounts, and the clocks.
//!
//! Nothing but reads is asked, and nothing that a venue would count against a
//! settlement.

use futures_util::future::join_all;
use jiff::SignedDuration;
use tokio::time::Instant;

use super::check::{Check, Topic};
use super::{units, within};
use crate::app::{BITLIPA, Surroundings, open_surroundings};
use crate::causes::with_causes;
use crate::config::{Config, ProcessEnvironment};
use crate::domain::budget::Urgency;
use crate::domain::ids::TxId;
use crate::domain::network::{ClientSettlementsQuery, ConnectionQuery, Page, PartnerTerms};
use crate::domain::settlement::Route;
use crate::service::{Enterprise, QuoteDesk, SettlementTerms};
use crate::upstream::VenueFailure;

/// A quote that nobody has: what Bitlipa answers tells whether it takes the credential.
const NOBODYS_QUOTE: &str = "tx_settlement_gateway_doctor";
const ONE: Page = Page { number: 0, size: 1 };

pub(super) async fn look(config: &Config, end: Instant) -> Vec<Check> {
    let surroundings = match open_surroundings(config, &ProcessEnvironment) {
        Ok(surroundings) => surroundings,
        Err(error) => return vec![Check::failed(Topic::Credential, "all venues", with_causes(&error))],
    };
    let Surroundings { directory, pulses } = &surroundings;
    let enterprises = directory.enterprises().map(|enterprise| async {
        let subject = enterprise.id.as_str();
        within(end, Topic::Credential, subject, look_at(enterprise)).await
    });
    let mut checks: Vec<Check> = join_all(enterprises).await.into_iter().flatten().collect();
    let mut names: Vec<&str> = directory.enterprises().map(|enterprise| enterprise.id.as_str()).collect();
    if let Some(desk) = &directory.quotes {
        checks.extend(within(end, Topic::Credential, BITLIPA, look_at_bitlipa(desk)).await);
        names.push(BITLIPA);
    }
    let bound = SignedDuration::try_from(config.venues.max_clock_skew).unwrap_or(SignedDuration::MAX);
    checks.extend(names.into_iter().map(|name| clock(name, pulses.seen(name).skew, bound)));
    checks
}

async fn look_at(enterprise: &Enterprise) -> Vec<Check> {
    let subject = enterprise.id.as_str();
    let read = match &enterprise.settles {
        Some(_) => {
            let query =
                ConnectionQuery { enterprise_id: enterprise.id.clone(), connection_ids: Vec::new(), active: None, page: ONE };
            enterprise.reads.connections(&query).await.map(|_| ())
        }
        None => {
            let query = ClientSettlementsQuery {
                enterprise_id: enterprise.id.clone(),
                settlement_ids: Vec::new(),
                statuses: Vec::new(),
                only_disputed: false,
                page: ONE,
            };
            enterprise.reads.client_settlements(&query).await.map(|_| ())
        }
    };
    let is_taken = read.is_ok();
    let mut checks = vec![credential(subject, &read)];
    match (&enterprise.settles, is_taken) {
        (Some(terms), true) => checks.extend(look_at_partner(enterprise, terms).await),
        (Some(_), false) => checks.extend(
            [Topic::Scopes, Topic::Terms, Topic::AmountUnit]
                .map(|topic| Check::skipped(topic, subject, "the venue does not take the credential")),
        ),
        (None, _) => {}
    }
    checks
}

async fn look_at_partner(enterprise: &Enterprise, settles: &SettlementTerms) -> Vec<Check> {
    let subject = enterprise.id.as_str();
    let (terms, balances) =
        tokio::join!(enterprise.reads.partner_terms(&enterprise.id), enterprise.venue.network_balances(&enterprise.id));
    let unit = match balances {
        Ok(balances) => units::judged(subject, settles.amount_unit, &balances),
        Err(failure) => unread(Topic::AmountUnit, subject, &failure),
    };
    let scopes =
        Check::skipped(Topic::Scopes, subject, "reading is allowed; the right to write shows only when something is written")
            .hint("the token needs the scopes to read and to write settlements of the Go Network");
    vec![scopes, self::terms(subject, settles.route, terms), unit]
}

fn credential(subject: &str, read: &Result<(), VenueFailure>) -> Check {
    match read {
        Ok(()) => Check::ok(Topic::Credential, subject, "the venue takes it"),
        Err(failure) => unread(Topic::Credential, subject, failure),
    }
}

/// A read that came to nothing.
fn unread(topic: Topic, subject: &str, failure: &VenueFailure) -> Check {
    let finding = match failure {
        VenueFailure::Refused { error, .. } => match (&error.message, &error.name) {
            (Some(words), _) | (None, Some(words)) => format!("{failure}: {words}"),
            (None, None) => failure.to_string(),
        },
        other => other.to_string(),
    };
    let failed = Check::failed(topic, subject, finding.clone());
    match failure {
        VenueFailure::Refused { status: 401, .. } => {
            failed.hint("the token was revoked or has lapsed, is another enterprise's, or request_auth is not for its kind")
        }
        VenueFailure::Refused { status: 403, .. } => failed.hint("the token lacks the scope to read this, or its user the right"),
        VenueFailure::Refused { status: 429, .. } | VenueFailure::OverBudget { .. } => {
            Check::warning(topic, subject, finding).hint("somebody else calls with the same user; look again in a minute")
        }
        VenueFailure::Refused { .. } => failed.hint("base_url may lead to something else than the venue"),
        VenueFailure::NotSent { .. } => failed.hint("base_url, venues.proxy_url, ca_file, and what the network lets out"),
        VenueFailure::NoAnswer { .. } => failed.hint("the venue or a proxy hangs: venues.call_timeout_ms is how long it had"),
        VenueFailure::Unreadable { .. } => {
            failed.hint("base_url may lead to something else than the venue, or a proxy changes what it says")
        }
    }
}

fn terms(subject: &str, configured: Route, read: Result<Option<PartnerTerms>, VenueFailure>) -> Check {
    let terms = match read {
        Ok(Some(terms)) => terms,
        Ok(None) => {
            return Check::failed(Topic::Terms, subject, "the venue does not know it as a partner")
                .hint("only partners settle: the id may be a client's, or the token another enterprise's");
        }
        Err(failure) => return unread(Topic::Terms, subject, &failure),
    };
    let venues = terms.route();
    if terms.active == Some(false) {
        Check::failed(Topic::Terms, subject, "the venue has the partner as not active").hint("ask the venue")
    } else if venues != configured {
        let (venues, configured) = (venues.as_str(), configured.as_str());
        Check::failed(Topic::Terms, subject, format!("the venue takes route {venues}, and {configured} is configured"))
            .hint(format!("route = \"{venues}\", unless the venue is to switch disputes on or off"))
    } else {
        Check::ok(Topic::Terms, subject, format!("an active partner, and route {} is what the venue takes", configured.as_str()))
    }
}

async fn look_at_bitlipa(desk: &QuoteDesk) -> Vec<Check> {
    let Ok(nobodys) = TxId::new(NOBODYS_QUOTE) else { return Vec::new() };
    let read = desk.venue.get_quote(&nobodys, Urgency::Looking).await.map(|_| ());
    // That it knows no such quote is said to whom it knows.
    let known = matches!(read, Err(VenueFailure::Refused { status: 404, .. }));
    vec![credential(BITLIPA, if known { &Ok(()) } else { &read })]
}

fn clock(name: &str, skew: Option<SignedDuration>, bound: SignedDuration) -> Check {
    let Some(skew) = skew else {
        return Check::skipped(Topic::Clock, name, "the venue told no time");
    };
    if skew.abs() <= bound {
        return Check::ok(Topic::Clock, name, format!("the clocks agree within {} s", skew.abs().as_secs().max(1)));
    }
    let side = if skew.is_negative() { "behind" } else { "ahead of" };
    Check::warning(Topic::Clock, name, format!("the venue's clock is {} s {side} this machine's", skew.abs().as_secs()))
        .hint("signed requests may be refused: is time synchronised here?")
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;
    use crate::domain::settlement::VenueError;

    fn refused(status: u16) -> VenueFailure {
        VenueFailure::Refused { status, error: VenueError::default(), retry_after_seconds: None }
    }

    fn partner(active: Option<bool>, window: Option<u32>) -> PartnerTerms {
        PartnerTerms {
            partner_id: "p".to_owned(),
            enterprise_id: "e".to_owned(),
            name: "n".to_owned(),
            active,
            broker: None,
            client_dispute_window_minutes: window,
            top_up_window_minutes: None,
        }
    }

    #[test]
    fn what_a_venue_refuses_has_failed_but_for_too_many_calls() {
        for status in [400, 401, 403, 404, 500] {
            assert_eq!(unread(Topic::Credential, "e", &refused(status)).verdict, Verdict::Failed, "{status}");
        }
        assert_eq!(unread(Topic::Credential, "e", &refused(429)).verdict, Verdict::Warning);
    }

    #[test]
    fn terms_are_held_against_the_route() {
        let verdict = |route, found| terms("e", route, Ok(found)).verdict;
        assert_eq!(verdict(Route::V1, Some(partner(Some(true), None))), Verdict::Ok);
        assert_eq!(verdict(Route::V2, Some(partner(None, Some(30)))), Verdict::Ok);
        assert_eq!(verdict(Route::V1, Some(partner(Some(true), Some(0)))), Verdict::Failed);
        assert_eq!(verdict(Route::V1, Some(partner(Some(false), None))), Verdict::Failed);
        assert_eq!(verdict(Route::V1, None), Verdict::Failed);
    }

    #[test]
    fn a_clock_may_differ_by_the_bound_in_either_direction() {
        let verdict = |seconds| clock("e", Some(SignedDuration::from_secs(seconds)), SignedDuration::from_secs(30)).verdict;
        assert_eq!((verdict(30), verdict(-30)), (Verdict::Ok, Verdict::Ok));
        assert_eq!((verdict(31), verdict(-31)), (Verdict::Warning, Verdict::Warning));
        assert_eq!(clock("e", None, SignedDuration::ZERO).verdict, Verdict::Skipped);
    }
}
