//! A venue's budget of calls, counted in the store that all replicas share.

use std::sync::Arc;

use async_trait::async_trait;
use metrics::{counter, gauge};
use tracing::warn;

use crate::causes::with_causes;
use crate::domain::budget::{CallBudget, Drawn, Urgency};
use crate::store::BudgetStore;
use crate::upstream::{Allowance, NoLeave, Pulse};

/// The budget of one credential. Whoever calls with it draws from it.
pub struct VenueBudget {
    store: Arc<dyn BudgetStore>,
    purse: String,
    budget: CallBudget,
    pulse: Pulse,
}

impl VenueBudget {
    /// A budget under the name that all who share the credential use.
    #[must_use]
    pub fn new(store: Arc<dyn BudgetStore>, purse: impl Into<String>, budget: CallBudget) -> Self {
        Self { store, purse: purse.into(), budget, pulse: Pulse::default() }
    }

    /// The same, which shows what is left in `pulse` as well.
    #[must_use]
    pub fn shown_by(self, pulse: Pulse) -> Self {
        Self { pulse, ..self }
    }
}

#[async_trait]
impl Allowance for VenueBudget {
    async fn draw(&self, urgency: Urgency) -> Result<(), NoLeave> {
        let purse = || self.purse.clone();
        match self.store.draw(&self.purse, self.budget, urgency).await {
            Ok(Drawn::Granted { left }) => {
                self.pulse.drawn(left);
                gauge!("settlement_gateway_venue_budget_left", "purse" => purse()).set(left);
                Ok(())
            }
            Ok(Drawn::Spent { wait }) => {
                self.pulse.drawn(0);
                counter!("settlement_gateway_venue_budget_refusals_total", "purse" => purse()).increment(1);
                Err(NoLeave::Spent { wait })
            }
            Err(error) => {
                warn!(purse = self.purse, error = with_causes(&error), "a venue's budget cannot be drawn from");
                Err(NoLeave::Unknown)
            }
        }
    }
}
