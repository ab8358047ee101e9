//! Long work shows that it goes on, where a person watches: one line on the terminal of standard error, which the outcome takes
//! the place of. Without a terminal nothing is written.

use std::future::Future;
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::exit::whisper;

/// How often the line is written anew.
const INTERVAL: Duration = Duration::from_millis(250);
/// Takes the line back: to its beginning, and clears it.
const CLEAR: &str = "\r\u{1b}[2K";

/// How much was done so far; clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally(Arc<AtomicU64>);

impl Tally {
    /// Counts one more.
    pub(super) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn done(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Does the work, and shows what it is and for how long it has gone on.
pub(super) async fn watched<T>(what: &str, work: impl Future<Output = T>) -> T {
    counted(what, "", &Tally::default(), work).await
}

/// Does the work, and shows how many of something it has done as well.
pub(super) async fn counted<T>(what: &str, of: &str, tally: &Tally, work: impl Future<Output = T>) -> T {
    if !std::io::stderr().is_terminal() {
        return work.await;
    }
    let begun = Instant::now();
    let mut ticks = tokio::time::interval(INTERVAL);
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => {
                whisper(CLEAR);
                return done;
            }
            _ = ticks.tick() => whisper(&format!("{CLEAR}{}", line(what, of, tally.done(), begun.elapsed()))),
        }
    }
}

fn line(what: &str, of: &str, done: u64, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    let counted = if done > 0 { format!(", {done} {of}") } else { String::new() };
    format!("{what}{counted}, {}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_the_work_its_count_and_its_time() {
        assert_eq!(line("copying", "", 0, Duration::from_secs(9)), "copying, 0:09");
        assert_eq!(line("verifying", "records", 12, Duration::from_secs(75)), "verifying, 12 records, 1:15");
    }

    #[tokio::test]
    async fn what_the_work_came_to_is_handed_on() {
        let tally = Tally::default();
        let counting = async {
            tally.count();
            7
        };
        assert_eq!(counted("counting", "of them", &tally, counting).await, 7);
        assert_eq!(tally.done(), 1);
    }
}
