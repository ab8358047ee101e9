//! Budgets of calls: in the process where one process has the store, otherwise in a row that all replicas share.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::driver::{Driver, Mode};
use super::session::Session;
use super::statement::Statement;
use super::store::SqlStore;
use crate::domain::budget::{CallBudget, Draw, Drawn, Urgency};
use crate::store::{BudgetStore, StoreError};

/// How far each budget is spent, for a store that one process has: forgotten at its end, which gives back a burst at most.
#[derive(Debug, Default)]
pub struct SpentBudgets(Mutex<HashMap<String, i64>>);

impl SpentBudgets {
    fn draw(&self, purse: &str, draw: &Draw) -> Drawn {
        let mut spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let after = draw.spent_after(spent.get(purse).copied());
        if draw.allows(after) {
            spent.insert(purse.to_owned(), after);
        }
        draw.answer(after)
    }
}

/// A call that is to be drawn.
struct Wanted {
    purse: String,
    budget: CallBudget,
    urgency: Urgency,
}

#[async_trait]
impl<D: Driver> BudgetStore for SqlStore<D> {
    async fn draw(&self, purse: &str, budget: CallBudget, urgency: Urgency) -> Result<Drawn, StoreError> {
        if let Some((spent, clock)) = self.driver.budgets_in_memory() {
            return Ok(spent.draw(purse, &budget.draw(urgency, clock.now().as_microsecond())));
        }
        let wanted = Wanted { purse: purse.to_owned(), budget, urgency };
        self.run(Mode::Write, wanted, |on, wanted| Box::pin(draw(on, wanted))).await
    }
}

/// Draws in one statement, so that no two replicas draw the same call; only a refusal reads how long to wait.
async fn draw(on: &mut Session, wanted: &Wanted) -> Result<Drawn, StoreError> {
    const DRAW: &str = "INSERT INTO venue_budget AS budget (purse, spent_until) VALUES ($1, $2 + $3) \
                        ON CONFLICT (purse) DO UPDATE \
                        SET spent_until = LEAST(GREATEST(budget.spent_until, $2), $2 + $4) + $3 \
                        WHERE LEAST(GREATEST(budget.spent_until, $2), $2 + $4) + $3 <= $2 + $5 RETURNING spent_until";
    const SPENT: &str = "SELECT spent_until FROM venue_budget WHERE purse = $1";
    let purse = wanted.purse.as_str();
    let draw = wanted.budget.draw(wanted.urgency, on.now().await?.as_microsecond());
    let statement = Statement::new(DRAW).bind(purse).bind(draw.now).bind(draw.cost).bind(draw.burst).bind(draw.horizon);
    if let Some(row) = on.row(statement).await? {
        return Ok(draw.answer(row.plain("spent_until")?));
    }
    let spent = match on.row(Statement::new(SPENT).bind(purse)).await? {
        Some(row) => Some(row.plain("spent_until")?),
        None => None,
    };
    Ok(draw.answer(draw.spent_after(spent)))
}
