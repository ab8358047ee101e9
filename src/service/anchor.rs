//! The keeper of the anchor. Nothing is signed or sent while the journal may have forgotten what was, and nothing leaves the
//! house before the anchor outside the database stands at or beyond its signature and its dispatch.
//!
//! Whoever is about to send has recorded that, and draws a ticket; one look at
//! the journal's head, and one write of the anchor, serve all tickets that were
//! drawn before it began.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use metrics::{counter, gauge};
use thiserror::Error;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tracing::{error, info, warn};

use super::diagnosis::{Diagnosis, MAX_MOVES, PATIENCE, diagnose};
use crate::causes::with_causes;
use crate::custody::{Key, SignOnceError, SignedPayload, sign_once};
use crate::domain::anchor::{Adrift, Head, Link, Mark, Standing};
use crate::domain::signing::SigningReference;
use crate::domain::time::Clock;
use crate::kill_points::{KillPoint, reached};
use crate::store::{Anchor, AnchorError, Store, StoreError};

/// The epoch of a journal's first anchor.
const FIRST_EPOCH: u64 = 1;
/// A cover takes no more than this part of a lease: what waits longer would be taken over in the middle of it, as if its worker
/// had died.
const PART_OF_A_LEASE: u32 = 4;

/// Why nothing is signed or sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unanchored {
    /// The journal may have forgotten signatures or dispatches: it needs a repair.
    #[error("the journal may have forgotten what was signed or sent: {0}")]
    Adrift(Adrift),
    /// The journal or its anchor did not answer; later they may.
    #[error("the journal cannot be anchored now")]
    Unavailable,
}

/// Why there is no signature.
#[derive(Debug, Error)]
pub enum NotSigned {
    /// Nothing is signed now.
    #[error(transparent)]
    Unanchored(#[from] Unanchored),
    /// The guard or the key refused.
    #[error(transparent)]
    Refused(SignOnceError),
}

/// How the journal stood to its anchor when that was last looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    /// Nobody has looked yet, or nothing answered.
    Unknown,
    /// The anchor stands here, and the journal has everything up to it.
    Anchored(Head),
    /// It must not be used.
    Adrift(Adrift),
}

/// What this process knows.
#[derive(Debug, Clone, Copy)]
struct State {
    position: Position,
    /// The furthest that it has seen anchored: an anchor may itself be an older copy.
    known: Option<Head>,
}

/// Keeps the anchor of one journal; clones share it.
#[derive(Clone)]
pub struct AnchorKeeper {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn Store>,
    anchor: Arc<dyn Anchor>,
    clock: Arc<dyn Clock>,
    /// How long a cover may take.
    patience: Duration,
    state: RwLock<State>,
    /// Whether the journal and its anchor answered when they were last asked.
    answers: AtomicBool,
    tickets: AtomicU64,
    last_look: Mutex<Look>,
}

/// The last look that went through, and whom it served.
struct Look {
    /// The last ticket that had been drawn when it began.
    up_to: u64,
    outcome: Result<(), Unanchored>,
}

impl AnchorKeeper {
    /// A keeper that has not looked yet.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, anchor: Arc<dyn Anchor>, clock: Arc<dyn Clock>) -> Self {
        Self::for_lease(store, anchor, clock, Duration::MAX)
    }

    /// The same for workers whose leases are this long: a cover takes up a quarter of one at most.
    #[must_use]
    pub fn for_lease(store: Arc<dyn Store>, anchor: Arc<dyn Anchor>, clock: Arc<dyn Clock>, lease: Duration) -> Self {
        let last_look = Mutex::new(Look { up_to: 0, outcome: Err(Unanchored::Unavailable) });
        let state = RwLock::new(State { position: Position::Unknown, known: None });
        let (answers, tickets) = (AtomicBool::new(true), AtomicU64::new(0));
        let patience = PATIENCE.min(lease / PART_OF_A_LEASE);
        Self { inner: Arc::new(Inner { store, anchor, clock, patience, state, answers, tickets, last_look }) }
    }

    /// Holds the journal against its anchor as both are now: at the start, and at every beat. A new journal gets its first
    /// anchor. What was refused is allowed again once the two agree.
    ///
    /// # Errors
    /// [`Unanchored`].
    pub async fn look(&self) -> Result<(), Unanchored> {
        let mut last_look = self.inner.last_look.lock().await;
        let up_to = self.inner.tickets.load(Ordering::SeqCst);
        let outcome = self.inner.look().await;
        self.inner.heard(outcome);
        *last_look = Look { up_to, outcome };
        outcome
    }

    /// Whether anything may be signed or sent, as far as is known. Where nobody has looked yet, this looks.
    ///
    /// # Errors
    /// [`Unanchored`].
    pub async fn allows(&self) -> Result<(), Unanchored> {
        match self.inner.state().position {
            Position::Anchored(_) => Ok(()),
            Position::Adrift(adrift) => Err(Unanchored::Adrift(adrift)),
            Position::Unknown => self.cover().await,
        }
    }

    /// Whether a dispatch may be recorded, which is then to be covered before anything of it leaves. While the journal or its
    /// anchor does not answer, this waits for one that goes through: a dispatch that cannot be covered is not made for nothing.
    ///
    /// # Errors
    /// [`Unanchored`].
    pub async fn allows_dispatch(&self) -> Result<(), Unanchored> {
        if self.inner.answers.load(Ordering::SeqCst) { self.allows().await } else { self.cover().await }
    }

    /// Waits until the anchor covers everything that was committed before this was called: only then may it leave the house,
    /// or be concluded that nothing did. Where nothing was committed since, the anchor is read all the same: it may know of what
    /// this database has lost.
    ///
    /// # Errors
    /// [`Unanchored`]: nothing may leave.
    pub async fn cover(&self) -> Result<(), Unanchored> {
        let ticket = self.inner.tickets.fetch_add(1, Ordering::SeqCst) + 1;
        let outcome = match timeout(self.inner.patience, self.served(ticket)).await {
            Ok(outcome) => outcome,
            Err(elapsed) => Err(no_answer(&elapsed)),
        };
        self.inner.heard(outcome);
        outcome
    }

    async fn served(&self, ticket: u64) -> Result<(), Unanchored> {
        let mut last_look = self.inner.last_look.lock().await;
        if last_look.up_to >= ticket {
            return last_look.outcome;
        }
        let up_to = self.inner.tickets.load(Ordering::SeqCst);
        let outcome = self.inner.cover().await;
        *last_look = Look { up_to, outcome };
        outcome
    }

    /// Notes that the journal itself has refused a change, since it lacks what is known to have been there.
    pub fn refuse(&self, adrift: Adrift) -> Unanchored {
        self.inner.refuse(adrift)
    }

    /// Signs through the guard, unless the journal may have forgotten signatures. The signature is not covered yet.
    ///
    /// # Errors
    /// [`NotSigned`]; no signature was released then.
    pub async fn sign_once(&self, key: &Key, reference: &SigningReference, payload: &str) -> Result<SignedPayload, NotSigned> {
        self.allows().await?;
        match sign_once(self.inner.store.as_ref(), key, reference, payload).await {
            Err(SignOnceError::Journal(error)) => match error.0.downcast_ref::<StoreError>() {
                Some(StoreError::Adrift(adrift)) => Err(self.inner.refuse(*adrift).into()),
                _ => Err(NotSigned::Refused(SignOnceError::Journal(error))),
            },
            signed => signed.map_err(NotSigned::Refused),
        }
    }
}

impl Inner {
    fn state(&self) -> State {
        *self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes whether there was an answer.
    fn heard(&self, outcome: Result<(), Unanchored>) {
        self.answers.store(outcome != Err(Unanchored::Unavailable), Ordering::SeqCst);
    }

    fn set(&self, state: State) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Notes where the anchor stands, and holds the store to the furthest that is known.
    fn anchored(&self, head: Head) {
        let State { position, known } = self.state();
        let known = known.filter(|known| known.reaches(&head).is_ok()).unwrap_or(head);
        self.set(State { position: Position::Anchored(head), known: Some(known) });
        self.store.hold_to(known);
        gauge!("settlement_gateway_journal_adrift").set(0);
        if let Position::Adrift(_) = position {
            info!(epoch = head.epoch, sequence = head.sequence, "the journal agrees with its anchor again");
        }
    }

    /// Notes that the journal must not be used, and alarms when that is news.
    fn refuse(&self, adrift: Adrift) -> Unanchored {
        let State { position, known } = self.state();
        self.set(State { position: Position::Adrift(adrift), known });
        gauge!("settlement_gateway_journal_adrift").set(1);
        if position != Position::Adrift(adrift) {
            counter!("settlement_gateway_journal_adrift_total", "why" => adrift.as_str()).increment(1);
            error!(
                alarm = "JOURNAL_BEHIND_ANCHOR",
                why = adrift.as_str(),
                detail = %adrift,
                "the journal may have forgotten what was signed or sent: nothing is signed or sent before it is repaired"
            );
        }
        Unanchored::Adrift(adrift)
    }

    async fn look(&self) -> Result<(), Unanchored> {
        let (anchored, head) = self.judge().await?;
        self.moved_on(anchored, head).await.map(|_| ())
    }

    async fn cover(&self) -> Result<(), Unanchored> {
        match self.state().position {
            Position::Anchored(_) if self.catch_up().await? => Ok(()),
            Position::Anchored(_) | Position::Unknown => self.look().await,
            Position::Adrift(adrift) => Err(Unanchored::Adrift(adrift)),
        }
    }

    /// Holds the journal against its anchor, and answers where the anchor stands and how far the journal has come.
    async fn judge(&self) -> Result<(Head, Head), Unanchored> {
        let Diagnosis { head, mark, verdict } = self.diagnosed().await?;
        match verdict {
            Ok(Standing::Anchored) => {
                let anchored = mark.map_or(head, |mark| mark.head);
                self.not_behind_what_was_known(&head, anchored)?;
                Ok((anchored, head))
            }
            Ok(Standing::New) => self.begin(&head, mark).await,
            Err(adrift) => Err(self.refuse(adrift)),
        }
    }

    async fn diagnosed(&self) -> Result<Diagnosis, Unanchored> {
        diagnose(self.store.as_ref(), self.anchor.as_ref()).await.map_err(|error| no_answer(&error))
    }

    /// An anchor may itself be an older copy: what this process has seen anchored counts as well.
    fn not_behind_what_was_known(&self, head: &Head, anchored: Head) -> Result<(), Unanchored> {
        let same_epoch = |known: &Head| known.epoch == anchored.epoch && known.journal == anchored.journal;
        if let Some(known) = self.state().known.filter(same_epoch) {
            head.reaches(&known).map_err(|adrift| self.refuse(adrift))?;
        }
        self.anchored(anchored);
        Ok(())
    }

    /// Begins a new journal's anchor, which another replica may be doing too. The anchor comes first: cut after it, the next
    /// start goes on here.
    async fn begin(&self, head: &Head, mark: Option<Mark>) -> Result<(Head, Head), Unanchored> {
        let begun = Head { epoch: FIRST_EPOCH, ..*head };
        if mark.is_none() {
            let first = Mark { head: begun, at: self.clock.now() };
            self.asked(self.anchor.begin(None, &first)).await?;
        }
        self.store.begin_epoch(head, FIRST_EPOCH, None).await.map_err(|error| no_answer(&error))?;
        // Whoever was first, the two must agree by now.
        let Diagnosis { head, mark, verdict } = self.diagnosed().await?;
        match (verdict, mark) {
            (Ok(Standing::Anchored), Some(mark)) => {
                info!(journal = begun.journal.to_text(), "a new journal is anchored");
                self.anchored(mark.head);
                Ok((mark.head, head))
            }
            (Err(adrift), _) => Err(self.refuse(adrift)),
            (Ok(_), _) => Err(Unanchored::Unavailable),
        }
    }

    /// Moves the anchor from where this process has it to the journal's head, where that has moved; whether it had.
    async fn catch_up(&self) -> Result<bool, Unanchored> {
        let Position::Anchored(anchored) = self.state().position else { return Err(Unanchored::Unavailable) };
        let (head, link) = self.journal(anchored.sequence).await?;
        head.reaches(&anchored).map_err(|adrift| self.refuse(adrift))?;
        if link != Some(anchored.link) {
            return Err(self.refuse(Adrift::Forked { sequence: anchored.sequence }));
        }
        self.moved_on(anchored, head).await
    }

    /// Moves the anchor where the journal is further than it; whether it was.
    async fn moved_on(&self, anchored: Head, head: Head) -> Result<bool, Unanchored> {
        let is_further = head.sequence != anchored.sequence;
        if is_further {
            self.move_on(anchored, head).await?;
        }
        Ok(is_further)
    }

    /// Moves the anchor from where the journal was seen to have it. Where another replica has moved it meanwhile, the journal
    /// must have that link too: only then does the anchor move on from there.
    async fn move_on(&self, mut from: Head, to: Head) -> Result<(), Unanchored> {
        for _ in 0..MAX_MOVES {
            let to = Mark { head: to, at: self.clock.now() };
            reached(KillPoint::K6Anchoring);
            let kept = self.asked(self.anchor.advance(&from, &to)).await?.head;
            reached(KillPoint::K6Anchored);
            if kept != to.head {
                self.must_have(&kept).await?;
            }
            self.anchored(kept);
            if kept.sequence >= to.head.sequence {
                return Ok(());
            }
            from = kept;
        }
        Err(Unanchored::Unavailable)
    }

    async fn must_have(&self, anchored: &Head) -> Result<(), Unanchored> {
        let (head, link) = self.journal(anchored.sequence).await?;
        let held = head.reaches(anchored).and_then(|()| match link {
            Some(link) if link == anchored.link => Ok(()),
            _ => Err(Adrift::Forked { sequence: anchored.sequence }),
        });
        held.map_err(|adrift| self.refuse(adrift))
    }

    /// The journal's head, and its link in a place.
    async fn journal(&self, place: u64) -> Result<(Head, Option<Link>), Unanchored> {
        let head = self.store.head().await.map_err(|error| no_answer(&error))?;
        let link = self.store.link_at(place).await.map_err(|error| no_answer(&error))?;
        Ok((head, link))
    }

    /// What the anchor says, within patience.
    async fn asked<T>(&self, asking: impl Future<Output = Result<T, AnchorError>>) -> Result<T, Unanchored> {
        match timeout(PATIENCE, asking).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(AnchorError::Adrift(adrift))) => Err(self.refuse(adrift)),
            Ok(Err(error)) => Err(no_answer(&error)),
            Err(elapsed) => Err(no_answer(&elapsed)),
        }
    }
}

/// The journal or its anchor failed; the causes are for the log alone.
fn no_answer(error: &(dyn std::error::Error + 'static)) -> Unanchored {
    counter!("settlement_gateway_anchor_failures_total").increment(1);
    warn!(error = with_causes(error), "the journal cannot be anchored now");
    Unanchored::Unavailable
}
