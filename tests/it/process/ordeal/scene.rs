//! A gateway under fire, the venues beside it, and the three recorders.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use settlement_gateway::app::open_journal_to_read;
use settlement_gateway::config::{Config, ProcessEnvironment};
use settlement_gateway::sandbox::{LedgerSnapshot, Sandbox};
use settlement_gateway::service::check_audit;
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use tokio::time::timeout;
use tonic::{Code, Status};

use super::asks::{Ask, Told};
use super::oracle::{Asked, AtVenue, Call, Evidence, Kind, Name, Outcome, Purse, Reserved, Row, refused, violations};
use crate::callbacks::support::venue_key;
use crate::process::calls::Gateway;
use crate::process::installation::{Installation, Terms, write_private};
use crate::process::support::{Ended, Process, until};
use crate::support::postgres::Schema;

/// What a call may take is short, so that a lease is: where replicas share a journal, nobody frees a dead one's but time.
const VENUES: &str = "connect_timeout_ms = 1000\nfirst_byte_timeout_ms = 3000\ncall_timeout_ms = 3000\n";
/// A lease lasts longer than the two calls of a step may; what is silent for long enough is a person's to decide.
const ENGINE: &str = "lease_ms = 6500\nsilence_window_ms = 2000\n";
/// More than the kills of any run.
const MAX_LAPSES: u32 = 100;
/// Venues that call have somewhere to; payouts are polled.
const CALLBACKS: &str = "[callbacks]\nlisten = \"127.0.0.1:0\"\n[callbacks.bitlipa]\npublic_url = \"https://callbacks.example.org/bitlipa\"\n\
     [[callbacks.bitgo]]\npath = \"/finalize\"\nenterprises = [\"ent-v2\"]\npublic_key_file = \"venue.pem\"\n";
/// How long a client waits for an answer before it knows nothing: its gateway may be stopped.
const CLIENT_PATIENCE: Duration = Duration::from_secs(10);
/// How often two readings may differ before they do.
const READINGS: u32 = 200;

/// Which database holds the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    /// As `STORE` names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// What a failure has to say of the run that it came from.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) backend: Backend,
    pub(super) replicas: usize,
    /// The seed of the run's choices, where it has any.
    pub(super) seed: Option<u64>,
    /// Where the process was told to die, life by life.
    pub(super) kills: Vec<String>,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let commit = Command::new("git").args(["rev-parse", "--short", "HEAD"]).current_dir(env!("CARGO_MANIFEST_DIR")).output();
        let commit = commit.map(|told| String::from_utf8_lossy(&told.stdout).trim().to_owned()).unwrap_or_default();
        write!(f, "{} kill points={:?} ", self.brief(), self.kills)?;
        write!(f, "binary={} {commit}", env!("CARGO_PKG_VERSION"))
    }
}

impl Run {
    /// The run without what was done in it.
    pub(super) fn brief(&self) -> String {
        let Self { backend, replicas, seed, .. } = self;
        format!("SEED={} STORE={} replicas={replicas}", seed.unwrap_or_default(), backend.name())
    }
}

/// Everything of one run.
pub(super) struct Scene {
    pub(super) sandbox: Sandbox,
    pub(super) run: Mutex<Run>,
    installation: Installation,
    schema: Option<Schema>,
    before: LedgerSnapshot,
    history: Mutex<Vec<Call>>,
    answers: AtomicUsize,
    /// How many of them were of something at its end.
    ended: AtomicUsize,
    asks: Mutex<BTreeMap<Name, Arc<Ask>>>,
}

impl Scene {
    /// Venues, and an installation over a journal of its own; nothing where this machine has no such database.
    pub(super) async fn open(backend: Backend, seed: Option<u64>) -> Option<Self> {
        let (store, schema) = match backend {
            Backend::Sqlite => (Terms::default().store, None),
            Backend::Postgres => {
                let schema = Schema::fresh().await?;
                let anchor = "[anchor]\nfile = \"anchor/shared.anchor\"\n";
                (format!("url = \"{}\"\nmax_connections = 6\n{anchor}", schema.url()), Some(schema))
            }
        };
        let installation = Installation::on(Terms { store, max_lapses: MAX_LAPSES, engine: ENGINE, venues: VENUES });
        write_private(&installation.path("venue.pem"), venue_key().public_key_pem().as_bytes());
        let mut venues = installation.venues();
        venues.bitlipa.execution_ms = 50;
        venues.bitlipa.requests_per_minute = 1_000_000;
        let sandbox = Sandbox::start(venues).await.unwrap();
        installation.configure(&sandbox.bitgo_url(), &sandbox.bitlipa_url(), CALLBACKS);
        let before = sandbox.ledger();
        let run = Mutex::new(Run { backend, replicas: 1, seed, kills: Vec::new() });
        Some(Self {
            sandbox,
            run,
            installation,
            schema,
            before,
            history: Mutex::default(),
            answers: AtomicUsize::default(),
            ended: AtomicUsize::default(),
            asks: Mutex::default(),
        })
    }

    /// A gateway that dies where it is told to, if anywhere.
    pub(super) async fn serve(&self, kill_at: &str) -> Gateway {
        let ledger = ("GATEWAY_SIGNER_LEDGER", self.installation.path("signer.ledger").into_os_string());
        if kill_at.is_empty() {
            return self.installation.serve_with([ledger]).await;
        }
        self.run.lock().unwrap().kills.push(kill_at.to_owned());
        self.installation.serve_with([ledger, ("GATEWAY_KILL_AT", OsString::from(kill_at))]).await
    }

    /// The same; `None` where it died before it listened, at what it found to do when it started.
    pub(super) async fn serve_unless_dead(&self, kill_at: &str) -> Option<Gateway> {
        let ledger = ("GATEWAY_SIGNER_LEDGER", self.installation.path("signer.ledger").into_os_string());
        self.run.lock().unwrap().kills.push(kill_at.to_owned());
        self.installation.serve_unless_dead_with([ledger, ("GATEWAY_KILL_AT", OsString::from(kill_at))]).await
    }

    /// The PostgreSQL journal.
    pub(super) fn schema(&self) -> &Schema {
        self.schema.as_ref().expect("a journal in PostgreSQL")
    }

    /// Runs another command of the gateway over this installation, to its end.
    pub(super) async fn command(&self, words: &[&str]) -> Ended {
        self.installation.command(words).await
    }

    /// A gateway that is killed so long after its birth, whatever it is about then.
    pub(super) async fn killed_young(&self, age: Duration) {
        let config = self.installation.config_path();
        let (process, born) = (Process::start([Path::new("serve"), Path::new("--config"), &config]), Instant::now());
        until("it is old enough", async || (born.elapsed() >= age).then_some(())).await;
        process.kill().await;
    }

    /// Everything that was asked for.
    pub(super) fn asks(&self) -> Vec<Arc<Ask>> {
        self.asks.lock().unwrap().values().cloned().collect()
    }

    /// Asks once, and notes what the client was told.
    pub(super) async fn ask(&self, grpc: SocketAddr, ask: &Arc<Ask>) -> Result<Told, Status> {
        let name = ask.name();
        self.asks.lock().unwrap().entry(name.clone()).or_insert_with(|| Arc::clone(ask));
        let told = timeout(CLIENT_PATIENCE, ask.ask(grpc)).await.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer")));
        self.answers.fetch_add(usize::from(told.is_ok()), Ordering::SeqCst);
        self.ended.fetch_add(usize::from(told.as_ref().is_ok_and(|told| told.answer.at_rest)), Ordering::SeqCst);
        let outcome = match &told {
            Ok(told) => Outcome::Ok(told.answer.clone()),
            Err(status) if is_refusal(status) => Outcome::Refused(format!("{status:?}")),
            Err(status) => Outcome::Unknown(format!("{status:?}")),
        };
        self.history.lock().unwrap().push(Call { name, outcome });
        told
    }

    /// Asks until there is an answer, and reads until nothing more happens.
    pub(super) async fn settled(&self, grpc: SocketAddr, ask: &Arc<Ask>) -> Told {
        until(&format!("{} comes to rest ({})", ask.name(), self.run()), async || {
            self.ask(grpc, ask).await.ok().filter(|told| told.answer.at_rest)
        })
        .await
    }

    /// What a client was told is not taken on, whatever became of the calls before.
    pub(super) fn refused(&self) -> BTreeSet<Name> {
        let history = self.history.lock().unwrap();
        let refused = history.iter().filter(|call| matches!(call.outcome, Outcome::Refused(_)));
        refused.map(|call| call.name.clone()).collect()
    }

    /// How many answers clients had.
    pub(super) fn answers(&self) -> usize {
        self.answers.load(Ordering::SeqCst)
    }

    /// How many answers were of something at its end.
    pub(super) fn ended(&self) -> usize {
        self.ended.load(Ordering::SeqCst)
    }

    /// How many calls are so.
    pub(super) fn history(&self, is_so: impl Fn(&Call) -> bool) -> usize {
        self.history.lock().unwrap().iter().filter(|call| is_so(call)).count()
    }

    pub(super) fn run(&self) -> Run {
        self.run.lock().unwrap().clone()
    }

    /// Compares the recorders with each other and with what the gateway says; fails with every violation that there is.
    pub(super) async fn judge(&self, grpc: SocketAddr) {
        let evidence = self.evidence(grpc).await;
        let found = violations(&evidence);
        let list: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(found.is_empty(), "violations: {} ({})\n{}", found.len(), self.run(), list.join("\n"));
        self.audit().await;
    }

    /// The audit chain verifies, and the journal and its records agree in both directions.
    pub(super) async fn audit(&self) {
        let config = Config::load(&self.installation.config_path(), &ProcessEnvironment).unwrap();
        let store = open_journal_to_read(&config.store, &ProcessEnvironment).await.unwrap();
        let report = check_audit(store.as_ref(), Vec::new()).await.unwrap();
        assert!(report.is_whole(), "I5 ({}): {report:?}", self.run());
        store.close().await.unwrap();
    }

    async fn evidence(&self, grpc: SocketAddr) -> Evidence {
        let history = self.history.lock().unwrap().clone();
        let refused = refused(&history);
        let (mut journal, mut links) = (Vec::new(), BTreeMap::new());
        for ask in self.asks() {
            let only_refused = refused.contains(&ask.name());
            let Some((stored, again)) = self.readings(grpc, &ask, only_refused).await else { continue };
            links.insert(ask.name(), stored.at_venue.clone());
            journal.push(Row { name: ask.name(), stored: stored.answer, asked_again: again.answer });
        }
        let ledger = self.sandbox.ledger();
        let venue: Vec<AtVenue> = self.asks().iter().filter_map(|ask| at_venue(&ledger, ask, &links)).collect();
        let purses = self.purses(&ledger, &journal, &venue);
        let venue = [venue, self.foreign(&ledger)].concat();
        Evidence { venue, purses, signer: self.signed(), audit: self.reserved().await, history, journal }
    }

    /// What is stored, and what is answered when it is asked for again: read until both are the same, or they stay apart.
    async fn readings(&self, grpc: SocketAddr, ask: &Arc<Ask>, only_refused: bool) -> Option<(Told, Told)> {
        let mut readings = 0;
        until("the journal answers", async || {
            readings += 1;
            let stored = ask.read(grpc).await.unwrap();
            let Some(stored) = stored else { return Some(None) };
            if only_refused {
                return Some(Some((stored.clone(), stored)));
            }
            let again = ask.ask(grpc).await.unwrap();
            (stored.answer == again.answer || readings > READINGS).then_some(Some((stored, again)))
        })
        .await
    }

    /// What the keys' holders were asked to sign.
    fn signed(&self) -> Vec<Asked> {
        let text = std::fs::read_to_string(self.installation.path("signer.ledger")).unwrap_or_default();
        let line = |line: &str| {
            let mut words = line.splitn(3, ' ');
            let mut word = || words.next().unwrap().to_owned();
            let (payload, message) = (word(), word());
            Asked { reference: word(), payload, message }
        };
        text.lines().map(line).collect()
    }

    /// What the audit chain says may be signed.
    async fn reserved(&self) -> Vec<Reserved> {
        let contents = self.texts("SELECT content FROM audit_record WHERE kind = 'RESERVATION'").await;
        let record = |content: Option<String>| {
            let said: serde_json::Value = serde_json::from_str(&content.unwrap()).unwrap();
            let text = |name: &str| said[name].as_str().unwrap().to_owned();
            Reserved { reference: text("reference"), payload: text("payload_digest") }
        };
        contents.into_iter().map(record).collect()
    }

    /// The texts of a column in the journal, past the gateway.
    pub(super) async fn texts(&self, read: &'static str) -> Vec<Option<String>> {
        match &self.schema {
            Some(schema) => sqlx::query_scalar(read).fetch_all(&mut schema.connect().await).await.unwrap(),
            None => {
                let options = SqliteConnectOptions::new().filename(self.installation.path("journal.db")).read_only(true);
                sqlx::query_scalar(read).fetch_all(&mut options.connect().await.unwrap()).await.unwrap()
            }
        }
    }

    /// Settlements at the venue that nobody asked for.
    fn foreign(&self, ledger: &LedgerSnapshot) -> Vec<AtVenue> {
        let asks = self.asks.lock().unwrap();
        let entry = |entry: &settlement_gateway::sandbox::SettlementEntry| AtVenue {
            name: Name { kind: Kind::Settlement, of: entry.enterprise_id.clone(), id: entry.external_id.clone() },
            posts: entry.posts,
            bodies: entry.body_digests.len(),
            created: entry.created,
        };
        ledger.settlements.iter().map(entry).filter(|thing| !asks.contains_key(&thing.name)).collect()
    }

    fn purses(&self, ledger: &LedgerSnapshot, journal: &[Row], venue: &[AtVenue]) -> Vec<Purse> {
        let created = |name: &Name| {
            let outcome = journal.iter().find(|row| row.name == *name).map(|row| row.stored.outcome.as_str());
            let there = || venue.iter().any(|thing| thing.name == *name && thing.created > 0);
            outcome == Some("CREATED") || (outcome == Some("UNKNOWN") && there())
        };
        let mut intended: BTreeMap<(&str, String, &str), i128> = BTreeMap::new();
        for ask in self.asks() {
            let counts = created(&ask.name());
            for (enterprise, account, currency, change) in ask.moves() {
                *intended.entry((enterprise, account, currency)).or_default() += if counts { change } else { 0 };
            }
        }
        let held = |ledger: &LedgerSnapshot, (enterprise, account, currency): &(&str, String, &str)| -> i128 {
            ledger.balance(enterprise, account, currency).map_or(0, |text| text.parse().unwrap())
        };
        let purse = |(purse, intended): (&(&str, String, &str), &i128)| Purse {
            name: format!("{purse:?}"),
            before: held(&self.before, purse),
            after: held(ledger, purse),
            intended: *intended,
        };
        intended.iter().map(purse).collect()
    }
}

/// Whether a client was told that something is not taken on.
pub(super) fn is_refusal(status: &Status) -> bool {
    matches!(status.code(), Code::InvalidArgument | Code::AlreadyExists | Code::FailedPrecondition | Code::PermissionDenied)
}

/// What the venues have of what was asked for; `links` are the venues' names for it.
fn at_venue(ledger: &LedgerSnapshot, ask: &Ask, links: &BTreeMap<Name, String>) -> Option<AtVenue> {
    let name = ask.name();
    if name.kind == Kind::Settlement {
        let entry = ledger.settlement(&name.of, &name.id)?;
        return Some(AtVenue { posts: entry.posts, bodies: entry.body_digests.len(), created: entry.created, name });
    }
    let link = links.get(&name)?;
    let (call, created) = match name.kind {
        Kind::Trade => ("trade", ledger.trades.iter().filter(|trade| trade.payload_sha256 == *link).count()),
        Kind::Affirmation => ("affirmation", spoken(ledger, link)),
        _ => ("confirmation", ledger.quotes.iter().filter(|quote| quote.external_tx_id.as_ref() == Some(&name.id)).count()),
    };
    let entry = ledger.write(call, link)?;
    let created = u64::try_from(created).unwrap();
    Some(AtVenue { posts: entry.posts, bodies: entry.body_digests.len(), created, name })
}

/// How often an affirmation's account has affirmed.
fn spoken(ledger: &LedgerSnapshot, affirmation: &str) -> usize {
    let all = ledger.trades.iter().flat_map(|trade| &trade.affirmations);
    all.filter(|(id, _, status)| id == affirmation && status == "affirmed").count()
}
