//! What is open after a post without a conclusive answer, and what a read-back that finds nothing means then.

use std::time::Duration;

use jiff::Timestamp;

use super::change::Change;
use super::reason::Reason;
use crate::domain::time::later;

/// What is open since the body was last handed to the network without a conclusive answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt {
    /// When the last inconclusive answer came, or was given up.
    pub since: Timestamp,
    /// When the venue was last silent: from then on, what was sent may still take effect although a repeat is refused.
    pub silent_at: Option<Timestamp>,
    /// Why the venue refused the last post, where it did; believed only once a read-back finds nothing.
    pub refusal: Option<Reason>,
}

/// How long a venue may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// To show what it has, after it answered.
    pub visibility: Duration,
    /// To carry out what it was silent about.
    pub silence: Duration,
}

/// What follows from a read-back that found nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absence {
    /// The refusal is believed: nothing was created.
    Believed(Change),
    /// It proves nothing yet: read back again, not before this instant.
    TooEarly(Timestamp),
    /// The venue may not have heard: send the same bytes again.
    SendAgain,
}

impl Doubt {
    /// The doubt after another inconclusive answer. Silence is never forgotten by a later refusal.
    #[must_use]
    pub fn after(earlier: Option<Self>, refusal: Option<Reason>, now: Timestamp) -> Self {
        let silent_at = if refusal.is_none() { Some(now) } else { earlier.and_then(|doubt| doubt.silent_at) };
        Self { since: now, silent_at, refusal }
    }

    /// What a read-back means that was begun at `asked_at` and found nothing.
    #[must_use]
    pub fn absence(&self, asked_at: Timestamp, windows: Windows) -> Absence {
        let Some(reason) = self.refusal else { return Absence::SendAgain };
        let shown = later(self.since, windows.visibility);
        let believed_at = self.silent_at.map_or(shown, |silent| shown.max(later(silent, windows.silence)));
        if asked_at < believed_at {
            return Absence::TooEarly(believed_at);
        }
        let detail = "the venue refused it, and a read-back found nothing".to_owned();
        Absence::Believed(Change::NotAccepted { reason, detail })
    }

    /// The text that the journal keeps.
    #[must_use]
    pub fn to_text(self) -> String {
        let silent_at = self.silent_at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        format!("{} {silent_at} {}", self.since, self.refusal.map_or("-", Reason::as_str))
    }

    /// Reads the text that [`Doubt::to_text`] writes.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let (since, silent_at, refusal) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            since: since.parse().ok()?,
            silent_at: if silent_at == "-" { None } else { Some(silent_at.parse().ok()?) },
            refusal: if refusal == "-" { None } else { Some(Reason::from_name(refusal)?) },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOWS: Windows = Windows { visibility: Duration::from_secs(10), silence: Duration::from_secs(300) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_773_835_200 + seconds).unwrap()
    }

    fn refused(seconds: i64) -> Doubt {
        Doubt::after(None, Some(Reason::LiabilitiesExceedBalance), at(seconds))
    }

    #[test]
    fn a_refusal_is_believed_only_by_a_read_that_began_after_the_window() {
        assert_eq!(refused(0).absence(at(9), WINDOWS), Absence::TooEarly(at(10)));
        assert!(matches!(refused(0).absence(at(10), WINDOWS), Absence::Believed(_)));
    }

    #[test]
    fn the_window_counts_from_the_answer_however_long_the_post_took() {
        assert_eq!(refused(25).absence(at(30), WINDOWS), Absence::TooEarly(at(35)));
    }

    #[test]
    fn a_refused_repeat_does_not_forget_an_earlier_silence() {
        let silent = Doubt::after(None, None, at(0));
        assert_eq!(silent.absence(at(1_000), WINDOWS), Absence::SendAgain);
        let then_refused = Doubt::after(Some(silent), Some(Reason::VenueForbidden), at(5));
        assert_eq!(then_refused.absence(at(60), WINDOWS), Absence::TooEarly(at(300)));
        assert!(matches!(then_refused.absence(at(300), WINDOWS), Absence::Believed(_)));
    }

    #[test]
    fn a_doubt_reads_back_its_text() {
        for doubt in [
            refused(1),
            Doubt::after(None, None, at(2)),
            Doubt::after(Some(Doubt::after(None, None, at(1))), Some(Reason::VenueForbidden), at(3)),
        ] {
            assert_eq!(Doubt::from_text(&doubt.to_text()), Some(doubt));
        }
        for text in ["", "SILENCE", "- - -", "2026-03-18T12:00:00Z - NONSENSE"] {
            assert_eq!(Doubt::from_text(text), None, "{text}");
        }
    }
}
