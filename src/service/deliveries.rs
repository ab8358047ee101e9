//! Acting on deliveries: what a venue called about is looked at soon. What is true is only ever read from the venue.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use metrics::counter;
use tracing::{error, info};

use super::context::Context;
use super::errands::RunsErrands;
use crate::domain::ids::EnterpriseId;
use crate::domain::time::later;
use crate::kill_points::{KillPoint, reached};
use crate::store::{About, Delivery, DeliveryOutcome, ErrandClaim, ErrandKind, StoreError};

/// The most deliveries of one run: far fewer than a lease is long.
const AT_ONCE: u32 = 16;
/// After so many workers in a row that stopped inside a delivery, nobody acts on it any more.
const MAX_LAPSES: u32 = 5;
/// The wait for a settlement that a worker holds: its look may have begun before the venue called.
const HELD_WAIT: Duration = Duration::from_millis(500);
/// How long a held settlement is waited for; longer than a lease lasts by default.
const LONGEST_HELD: Duration = Duration::from_secs(120);

/// Runs the errands of the inbox, one for each endpoint that venues call.
pub struct Deliveries {
    context: Context,
    keep: Option<Duration>,
}

impl Deliveries {
    /// Deliveries that are forgotten so long after they were acted on; `None` leaves them to whoever archives them.
    #[must_use]
    pub fn new(context: Context, keep: Option<Duration>) -> Self {
        Self { context, keep }
    }

    /// Acts on what is waiting in a lane; whether any of it must be looked at again.
    async fn act_on(&self, claim: &ErrandClaim, waiting: &[Delivery]) -> Result<bool, StoreError> {
        let mut hastened = BTreeSet::new();
        let mut is_held = false;
        for (place, delivery) in waiting.iter().enumerate() {
            let outcome = if place == 0 && claim.lapses >= MAX_LAPSES {
                Some(DeliveryOutcome::SetAside)
            } else {
                self.act(delivery, &mut hastened).await?
            };
            match outcome {
                Some(outcome) => self.close(claim, delivery, outcome).await?,
                None => is_held = true,
            }
        }
        self.context.engine.wake();
        self.context.errands.wake();
        Ok(is_held)
    }

    /// `None` while what the delivery names is in the hands of a worker. `hastened`: whose settlements were all made due in
    /// this run, which a flood of calls that name nothing need not repeat.
    async fn act(
        &self,
        delivery: &Delivery,
        hastened: &mut BTreeSet<EnterpriseId>,
    ) -> Result<Option<DeliveryOutcome>, StoreError> {
        match &delivery.about {
            About::Settlements { enterprises, names } => self.hasten(delivery, enterprises, names, hastened).await,
            About::Quote { tx_id, .. } => {
                self.context.store.enlist(ErrandKind::Quote, tx_id.as_str(), self.context.clock.now()).await?;
                Ok(Some(DeliveryOutcome::Named))
            }
        }
    }

    async fn hasten(
        &self,
        delivery: &Delivery,
        enterprises: &[EnterpriseId],
        names: &[String],
        hastened: &mut BTreeSet<EnterpriseId>,
    ) -> Result<Option<DeliveryOutcome>, StoreError> {
        let now = self.context.clock.now();
        let (mut known, mut held) = (0, 0);
        for enterprise in enterprises {
            for name in names {
                let named = self.context.store.hasten_named(enterprise, name, now).await?;
                known += named.known;
                held += named.held;
            }
        }
        if known == 0 {
            for enterprise in enterprises {
                if hastened.insert(enterprise.clone()) {
                    self.context.store.hasten_all(enterprise, now).await?;
                }
            }
            return Ok(Some(DeliveryOutcome::Everything));
        }
        Ok(match held {
            0 => Some(DeliveryOutcome::Named),
            _ if now > later(delivery.received_at, LONGEST_HELD) => Some(DeliveryOutcome::Held),
            _ => None,
        })
    }

    async fn close(&self, claim: &ErrandClaim, delivery: &Delivery, outcome: DeliveryOutcome) -> Result<(), StoreError> {
        let now = self.context.clock.now();
        reached(KillPoint::K11ActedOn);
        self.context.store.close_delivery(&claim.lease, delivery.id, outcome, now).await?;
        reached(KillPoint::K11Closed);
        report(delivery, outcome);
        Ok(())
    }
}

#[async_trait]
impl RunsErrands for Deliveries {
    fn kind(&self) -> ErrandKind {
        ErrandKind::Delivery
    }

    async fn run(&self, claim: &ErrandClaim) -> Result<Option<Timestamp>, StoreError> {
        let waiting = self.context.store.waiting_deliveries(&claim.lease.subject, AT_ONCE).await?;
        let is_held = self.act_on(claim, &waiting).await?;
        let now = self.context.clock.now();
        if is_held {
            return Ok(Some(later(now, HELD_WAIT)));
        }
        if u32::try_from(waiting.len()).unwrap_or(AT_ONCE) >= AT_ONCE {
            return Ok(Some(now));
        }
        if let Some(keep) = self.keep {
            let before = now.checked_sub(keep).unwrap_or(Timestamp::MIN);
            self.context.store.forget_deliveries(before).await?;
        }
        Ok(None)
    }
}

fn report(delivery: &Delivery, outcome: DeliveryOutcome) {
    counter!("settlement_gateway_deliveries_total", "outcome" => outcome.as_str()).increment(1);
    let id = delivery.id;
    match outcome {
        DeliveryOutcome::SetAside => error!(delivery = %id, "workers stopped inside a delivery again and again; it is set aside"),
        _ => info!(delivery = %id, outcome = outcome.as_str(), "a delivery was acted on"),
    }
}
