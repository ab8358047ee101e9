//! The table of answers whole, for any write: every status with every form of a body, with and without effect, first and after a
//! lost answer.

use std::collections::BTreeMap;

use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, Fault};

const STATUSES: [u16; 16] = [200, 201, 300, 400, 401, 403, 404, 409, 410, 422, 429, 500, 502, 503, 504, 511];
const FORMS: [(Body, &str); 11] = [
    (Body::Error, "error"),
    (Body::ErrorName, "error-name-req"),
    (Body::NameRequestId, "error-name-request"),
    (Body::Bitlipa, "error-code"),
    (Body::EmptyObject, "empty-object"),
    (Body::Nothing, "nothing"),
    (Body::Html, "html"),
    (Body::Truncated, "truncated"),
    (Body::Enormous, "enormous"),
    (Body::WrongContentType, "wrong-type"),
    (Body::AnotherSettlement, "anothers"),
];
const TRIES: [Try; 3] = [Try::WithoutEffect, Try::WithEffect, Try::AfterALostAnswer];
/// All rows of a write.
const ROWS: usize = STATUSES.len() * FORMS.len() * TRIES.len();
/// How many worlds are at work at once for each kind of try.
const WORLDS: usize = 2;

/// What the answer met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Try {
    /// The first attempt, and the venue did nothing.
    WithoutEffect,
    /// The first attempt, and the venue carried it out.
    WithEffect,
    /// An attempt after one that was carried out and whose answer was lost, where a read did not show that yet.
    AfterALostAnswer,
}

/// One answer to a write.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) status: u16,
    pub(crate) body: Body,
    pub(crate) what: Try,
    form: &'static str,
}

impl Row {
    /// A name that no other row has.
    pub(crate) fn name(&self) -> String {
        format!("{}-{}-{:?}", self.status, self.form, self.what)
    }

    /// The answer as the simulated venue is told it.
    pub(crate) fn answer(&self, on: Endpoint) -> Fault {
        let (status, body, effect) = (self.status, self.body, self.what == Try::WithEffect);
        Fault { on, times: 1, behaviour: Behaviour::Status { status, body, effect } }
    }

    /// Whether the row speaks for all forms of its status, where no answer is met and so none matters.
    pub(crate) fn speaks_for_all_forms(&self) -> bool {
        self.body == Body::Error
    }

    /// Whether the body is larger than what is read, so that not even its status counts.
    pub(crate) fn is_enormous(&self) -> bool {
        self.body == Body::Enormous
    }

    /// Whether the body is BitGo's own error: one that carries a settlement only does so where there was an effect.
    pub(crate) fn is_bitgos_word(&self) -> bool {
        match self.body {
            Body::Error | Body::ErrorName | Body::NameRequestId => true,
            Body::WrongContentType | Body::AnotherSettlement => self.what != Try::WithEffect,
            _ => false,
        }
    }
}

/// What a write came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CameTo {
    /// Its state, or what its caller was told.
    pub(crate) state: &'static str,
    /// How often it took effect at the venue.
    pub(crate) effects: u64,
}

/// A write whose answers are gone through.
pub(crate) trait Write: Send + Sync + Sized + 'static {
    /// What it is called in the listing.
    const NAME: &'static str;
    /// How many rows are left out: those in which the venue contradicts itself, so that nothing can be promised, and those that
    /// say nothing of this write.
    const LEFT_OUT: usize;

    /// A world for some of the rows, all of one kind of try: only where the venue did nothing is there nothing to wait for.
    fn open(what: Try) -> impl Future<Output = Self> + Send;

    /// What a row must come to; `None` where it is left out.
    fn expected(row: &Row) -> Option<CameTo>;

    /// Makes the write, lets it meet the row's answer, and says what it came to. Holds what is the write's own, such as how
    /// often it was sent.
    fn meet(&self, row: &Row) -> impl Future<Output = CameTo> + Send;
}

/// Goes through all rows of a write and prints them.
pub(crate) async fn every_answer<W: Write>() {
    let chunks = || STATUSES.chunks(STATUSES.len().div_ceil(WORLDS));
    let worlds = TRIES.into_iter().flat_map(|what| chunks().map(move |statuses| tokio::spawn(answers_of::<W>(what, statuses))));
    let worlds: Vec<_> = worlds.collect();
    let (mut count, mut counts) = (0, BTreeMap::<&str, usize>::new());
    for world in worlds {
        for (line, state) in world.await.unwrap() {
            println!("{line}");
            count += 1;
            *counts.entry(state).or_default() += 1;
        }
    }
    let counts: Vec<_> = counts.into_iter().map(|(state, count)| format!("{state} {count}")).collect();
    println!("{}: {count} answers: {}", W::NAME, counts.join(", "));
    assert_eq!(count, ROWS - W::LEFT_OUT, "a row was left out");
}

/// Some statuses in a world of their own, each row after the other.
async fn answers_of<W: Write>(what: Try, statuses: &[u16]) -> Vec<(String, &'static str)> {
    let world = W::open(what).await;
    let mut lines = Vec::new();
    for status in statuses {
        for (body, form) in FORMS {
            let row = Row { status: *status, body, what, form };
            let Some(expected) = W::expected(&row) else { continue };
            let came_to = world.meet(&row).await;
            assert_eq!(came_to, expected, "{}: {}", W::NAME, row.name());
            let CameTo { state, effects } = came_to;
            lines.push((format!("{}: {status} {form:<18} {what:?}: {state}, {effects} times", W::NAME), state));
        }
    }
    lines
}
