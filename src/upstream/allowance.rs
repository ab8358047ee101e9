//! Leave to call a venue: how many calls it takes is counted outside, over all replicas.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::budget::Urgency;

/// Why a call may not be made: nothing of it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoLeave {
    /// The venue's budget is spent.
    Spent {
        /// How long to wait.
        wait: Duration,
    },
    /// Nobody can say how far the budget is spent.
    Unknown,
}

/// Asked before each request, whichever RPC made it.
#[async_trait]
pub trait Allowance: Send + Sync {
    /// Takes one request out of the budget.
    async fn draw(&self, urgency: Urgency) -> Result<(), NoLeave>;
}

/// Leave for any number of calls: for tests, and for venues that set no limit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unlimited;

#[async_trait]
impl Allowance for Unlimited {
    async fn draw(&self, _: Urgency) -> Result<(), NoLeave> {
        Ok(())
    }
}
