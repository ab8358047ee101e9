//! How many calls a venue takes, and who goes first when few are left.
//!
//! A budget fills evenly and holds a burst of a sixth of a minute's calls
//! (GCRA: one instant says how far it is spent). What fills in a minute and the
//! burst together are the configured number, so that in no minute more calls
//! are made, whenever it begins.

use std::time::Duration;

/// Which part of a minute's calls may be made at once.
const BURST_PART: u32 = 6;
const MINUTE_MICROS: i64 = 60_000_000;

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// It carries a settlement on, or finds out what became of one: it sees the whole budget.
    Settling,
    /// It only looks: it leaves half of the burst to what settles.
    Looking,
}

/// How many calls a venue takes in a minute under one credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallBudget {
    per_minute: u32,
}

/// What became of drawing one call from a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawn {
    /// The call may be made.
    Granted {
        /// How many more could be made at once.
        left: u32,
    },
    /// Nothing was drawn.
    Spent {
        /// When the same draw would be granted, if nobody else draws before.
        wait: Duration,
    },
}

/// A draw in microseconds of the store's clock, as stores reckon it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    /// The present instant.
    pub now: i64,
    /// What one call costs.
    pub cost: i64,
    /// How far ahead of now the whole burst is spent. What seems to be spent beyond it was reckoned by a clock that has since
    /// stepped back.
    pub burst: i64,
    /// How far ahead of now this draw may spend.
    pub horizon: i64,
}

impl CallBudget {
    /// The least number of calls: fewer leave nothing to look with.
    pub const MIN_PER_MINUTE: u32 = 12;

    /// A budget of so many calls in any minute.
    #[must_use]
    pub fn per_minute(calls: u32) -> Self {
        Self { per_minute: calls.max(Self::MIN_PER_MINUTE) }
    }

    fn burst(self) -> u32 {
        self.per_minute / BURST_PART
    }

    /// One draw of a call at an instant.
    #[must_use]
    pub fn draw(self, urgency: Urgency, now: i64) -> Draw {
        let burst = i64::from(self.burst());
        let refill = i64::from(self.per_minute) - burst;
        // Rounded up, so that rounding never adds a call.
        let cost = (MINUTE_MICROS + refill - 1) / refill;
        let reserved = match urgency {
            Urgency::Settling => 0,
            Urgency::Looking => burst / 2,
        };
        Draw { now, cost, burst: cost * burst, horizon: cost * (burst - reserved) }
    }
}

impl Draw {
    /// Until when the budget is spent once the call is drawn from one that was spent until then.
    #[must_use]
    pub fn spent_after(&self, spent_until: Option<i64>) -> i64 {
        spent_until.unwrap_or(self.now).clamp(self.now, self.now + self.burst) + self.cost
    }

    /// Whether the draw is granted that leaves the budget spent until then.
    #[must_use]
    pub fn allows(&self, spent_after: i64) -> bool {
        spent_after - self.now <= self.horizon
    }

    /// The answer to a draw that leaves, or would leave, the budget spent until then.
    #[must_use]
    pub fn answer(&self, spent_after: i64) -> Drawn {
        let ahead = spent_after - self.now;
        if self.allows(spent_after) {
            return Drawn::Granted { left: u32::try_from((self.burst - ahead) / self.cost).unwrap_or_default() };
        }
        Drawn::Spent { wait: Duration::from_micros(u64::try_from(ahead - self.horizon).unwrap_or_default()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_773_835_200_000_000;

    /// Draws as often as it is granted at one instant, and says how often that was.
    fn drain(budget: CallBudget, urgency: Urgency, now: i64, spent: &mut Option<i64>) -> u32 {
        for granted in 0.. {
            let draw = budget.draw(urgency, now);
            let after = draw.spent_after(*spent);
            if !draw.allows(after) {
                return granted;
            }
            *spent = Some(after);
        }
        0
    }

    #[test]
    fn no_minute_has_more_calls_than_the_budget_whenever_it_begins() {
        for per_minute in [12, 13, 340, 360, 1_000] {
            let budget = CallBudget::per_minute(per_minute);
            let (mut spent, mut calls) = (None, Vec::new());
            for step in 0..1_200 {
                let now = NOW + step * 100_000;
                let granted = drain(budget, Urgency::Settling, now, &mut spent);
                calls.extend(std::iter::repeat_n(now, granted as usize));
            }
            for (first, begin) in calls.iter().enumerate() {
                let within = calls[first..].iter().take_while(|at| **at < begin + MINUTE_MICROS).count();
                assert!(within <= per_minute as usize, "{within} calls of {per_minute}");
            }
            assert!(calls.len() as u32 >= per_minute + per_minute / 2, "{} calls of {per_minute} in two minutes", calls.len());
        }
    }

    #[test]
    fn looking_leaves_half_of_the_burst_to_what_settles() {
        let budget = CallBudget::per_minute(360);
        let mut spent = None;
        assert_eq!(drain(budget, Urgency::Looking, NOW, &mut spent), 30);
        assert_eq!(drain(budget, Urgency::Settling, NOW, &mut spent), 30);
        assert_eq!(drain(budget, Urgency::Looking, NOW, &mut spent), 0);
    }

    #[test]
    fn the_wait_is_exact() {
        let budget = CallBudget::per_minute(360);
        let mut spent = None;
        drain(budget, Urgency::Settling, NOW, &mut spent);
        let draw = budget.draw(Urgency::Settling, NOW);
        assert_eq!(draw.answer(draw.spent_after(spent)), Drawn::Spent { wait: Duration::from_micros(200_000) });
        let just_before = budget.draw(Urgency::Settling, NOW + 199_999);
        assert!(!just_before.allows(just_before.spent_after(spent)));
        let then = budget.draw(Urgency::Settling, NOW + 200_000);
        assert_eq!(then.answer(then.spent_after(spent)), Drawn::Granted { left: 0 });
    }

    #[test]
    fn a_clock_that_steps_back_an_hour_stops_nobody_for_an_hour() {
        let budget = CallBudget::per_minute(360);
        let draw = budget.draw(Urgency::Settling, NOW - 3_600_000_000);
        let Drawn::Spent { wait } = draw.answer(draw.spent_after(Some(NOW))) else { panic!("granted") };
        assert_eq!(wait, Duration::from_micros(200_000));
    }
}
