//! Gateways: the real engine and the real use cases, each in a process of its own over the one journal.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use secp256k1::ecdsa::RecoverableSignature;
use secp256k1::{Message, SecretKey};
use settlement_gateway::custody::{Key, KeySettings, KeySource, Keyring, Signer, SignerError};
use settlement_gateway::domain::ids::{EnterpriseId, KeyId};
use settlement_gateway::domain::policy::CheckBefore;
use settlement_gateway::domain::settlement::{AmountUnit, OnceRules, Route};
use settlement_gateway::domain::signing::{PublicKey, Purpose, Signature};
use settlement_gateway::domain::time::Entropy;
use settlement_gateway::secret::Secret;
use settlement_gateway::service::engine::{Engine, EngineSettings};
use settlement_gateway::service::recovery::Recovery;
use settlement_gateway::service::trade::Trading;
use settlement_gateway::service::{
    AnchorKeeper, Context, Directory, Enterprise, ErrandSettings, Errands, OnChangedAmounts, Refusals, SettlementTerms,
    TermsCache,
};
use settlement_gateway::upstream::bitgo::{BitGo, BitGoOptions, RequestAuth, SigningMethod};
use settlement_gateway::upstream::{Credential, HttpOptions, Unlimited};
use tokio::time::sleep;

use super::invariants;
use super::store::StoreWire;
use super::venue::VenueWire;
use super::world::{Life, Process, World};
use crate::support::world::{RealClock, V1, V2};

/// How often a gateway holds the journal against its anchor.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(30);

/// Waits as they are configured by default, but for those that only make a run longer.
pub(crate) fn settings() -> EngineSettings {
    EngineSettings {
        workers: 4,
        max_turns_per_enterprise: 3,
        lease: Duration::from_secs(60),
        longest_wait: Duration::from_secs(30),
        poll_interval: Duration::from_secs(20),
        reconciliation_window: Duration::from_secs(60),
        details_interval: Duration::from_secs(120),
        longest_rest: Duration::from_secs(5),
        ..EngineSettings::default()
    }
}

/// A key whose signatures differ each time, as those of an HSM do; each call is recorded, and some give nothing.
struct NoisySigner {
    key: SecretKey,
    world: Arc<World>,
}

#[async_trait]
impl Signer for NoisySigner {
    fn public_key(&self) -> PublicKey {
        PublicKey::from_bytes(self.key.public_key().serialize())
    }

    async fn sign(&self, digest: [u8; 32]) -> Result<Signature, SignerError> {
        let dice = &self.world.dice;
        sleep(dice.millis(0, 20)).await;
        invariants::signs(&self.world, digest);
        if dice.chance(self.world.weather.rates().lost) {
            return Err(SignerError("the key's holder hung up".into()));
        }
        let mut noise = [0; 32];
        dice.fill(&mut noise).unwrap();
        let message = Message::from_digest(digest);
        let signed = RecoverableSignature::sign_ecdsa_recoverable_with_noncedata(message, &self.key, &noise);
        let (recovery_id, r_and_s) = signed.serialize_compact();
        let mut bytes = [31 + recovery_id.to_u8(); 65];
        bytes[1..].copy_from_slice(&r_and_s);
        Ok(Signature::from_bytes(bytes))
    }
}

fn keyring(world: &Arc<World>) -> Arc<Keyring> {
    let key = |enterprise: &str, byte: u8| {
        let settings = KeySettings {
            id: KeyId::new(format!("key-{enterprise}")).unwrap(),
            purposes: BTreeSet::from([Purpose::Settlement]),
            enabled: true,
            sign_payload_settlement: false,
        };
        let signer = NoisySigner { key: SecretKey::from_secret_bytes([byte; 32]).unwrap(), world: Arc::clone(world) };
        Key::with_signer(settings, KeySource::Generated, Arc::new(signer))
    };
    Arc::new(Keyring::new([key(V1, 1), key(V2, 2)]).unwrap())
}

/// The real adapter, for the bodies that it writes: nothing is ever called through it.
fn writer() -> Arc<BitGo> {
    static WRITER: OnceLock<Arc<BitGo>> = OnceLock::new();
    let make = || {
        let options = BitGoOptions {
            base_url: "http://127.0.0.1:9".to_owned(),
            credential: Credential::fixed(&Secret::from_text("token".to_owned())).unwrap(),
            auth: RequestAuth::Bearer,
            signing_method: SigningMethod::Post,
            http: HttpOptions { allow_plaintext: true, ..HttpOptions::default() },
            allowance: Arc::new(Unlimited),
            clock: Arc::new(RealClock),
        };
        Arc::new(BitGo::new(options).unwrap())
    };
    Arc::clone(WRITER.get_or_init(make))
}

fn enterprise(id: &str, route: Route, venue: &Arc<VenueWire>) -> Enterprise {
    let terms = SettlementTerms {
        route,
        amount_unit: AmountUnit::Full,
        key_id: KeyId::new(format!("key-{id}")).unwrap(),
        max_cutoff_ahead: Duration::from_secs(60),
        once: OnceRules::NONE,
        on_changed_amounts: OnChangedAmounts::Record,
        check_before: CheckBefore::Off,
    };
    Enterprise {
        id: EnterpriseId::new(id).unwrap(),
        settles: Some(terms),
        venue: venue.clone(),
        reads: venue.clone(),
        terms: TermsCache::new(Duration::from_secs(60)),
        trading: Trading { venue: writer(), accounts: BTreeMap::new() },
    }
}

/// The enterprises, as a process reaches their venue.
fn directory(world: &Arc<World>, process: &Arc<Process>) -> Arc<Directory> {
    let venue = Arc::new(VenueWire { world: Arc::clone(world), process: Arc::clone(process), writer: writer() });
    let enterprises = vec![enterprise(V1, Route::V1, &venue), enterprise(V2, Route::V2, &venue)];
    Arc::new(Directory::new(enterprises, None).unwrap())
}

/// What a person runs by hand, in a process of its own.
pub(crate) fn recovery(world: &Arc<World>) -> Recovery {
    let process = Process::new("a person".to_owned(), world.time, SignedDuration::ZERO);
    let store = Arc::new(StoreWire::new(world, &process));
    let directory = directory(world, &process);
    Recovery::new(store, world.anchor.clone(), directory, process, settings().lease)
}

/// One gateway.
#[derive(Clone)]
pub(crate) struct Gateway {
    pub(crate) process: Arc<Process>,
    pub(crate) context: Context,
}

impl Gateway {
    fn start(world: &Arc<World>, name: String, skew: SignedDuration) -> Self {
        let process = Process::new(name, world.time, skew);
        let wire = StoreWire::new(world, &process);
        let (store, directory, keyring) = (Arc::new(wire), directory(world, &process), keyring(world));
        let clock = Arc::clone(&process);
        let anchor = AnchorKeeper::new(store.clone(), world.anchor.clone(), clock.clone());
        let engine = Engine::new(store.clone(), anchor.clone(), keyring.clone(), directory.clone(), clock.clone(), settings());
        let errands = Errands::new(store.clone(), clock.clone(), ErrandSettings::default());
        let refusals = Refusals::new(store.clone(), clock.clone(), 60);
        let context =
            Context { store, anchor, keyring, directory, clock, entropy: world.dice.clone(), engine, errands, refusals };
        context.engine.start();
        tokio::spawn(beat(Arc::clone(&process), context.anchor.clone()));
        Self { process, context }
    }
}

/// Holds the journal against its anchor now and then, as every gateway does.
async fn beat(process: Arc<Process>, anchor: AnchorKeeper) {
    loop {
        // It has alarmed, where something is wrong.
        let _ = anchor.look().await;
        sleep(HEARTBEAT).await;
        process.runs().await;
    }
}

/// All gateways over the journal. Who is killed is followed by another of the same place and clock.
pub(crate) struct Fleet {
    world: Arc<World>,
    gateways: Mutex<Vec<Gateway>>,
    started: Mutex<usize>,
    /// Whether somebody has stopped them all, and starts none for now.
    is_stopped: AtomicBool,
}

impl Fleet {
    pub(crate) fn start(world: &Arc<World>, skews: &[SignedDuration]) -> Arc<Self> {
        let fleet = Self {
            world: Arc::clone(world),
            gateways: Mutex::default(),
            started: Mutex::new(0),
            is_stopped: AtomicBool::new(false),
        };
        for skew in skews {
            let gateway = fleet.start_one(*skew);
            fleet.gateways.lock().unwrap().push(gateway);
        }
        Arc::new(fleet)
    }

    fn start_one(&self, skew: SignedDuration) -> Gateway {
        let mut started = self.started.lock().unwrap();
        *started += 1;
        let name = format!("g{started}");
        self.world.history.note(format!("{name} starts, its clock off by {skew:?}"));
        Gateway::start(&self.world, name, skew)
    }

    pub(crate) fn size(&self) -> usize {
        self.gateways.lock().unwrap().len()
    }

    pub(crate) fn at(&self, place: usize) -> Gateway {
        self.gateways.lock().unwrap()[place].clone()
    }

    /// Any gateway, as a load balancer picks that looks at nobody's health.
    pub(crate) fn any(&self) -> Gateway {
        let places = self.size() as u64;
        self.at(usize::try_from(self.world.dice.between(0, places - 1)).unwrap())
    }

    /// Starts a gateway in the place of one that is gone.
    pub(crate) fn replace(&self, place: usize) {
        let old = self.at(place);
        if old.process.is_dead() && !self.is_stopped.load(Ordering::SeqCst) {
            let gateway = self.start_one(old.process.skew());
            self.gateways.lock().unwrap()[place] = gateway;
        }
    }

    /// Stops every gateway; none starts before [`Fleet::start_again`].
    pub(crate) fn stop(&self) {
        self.is_stopped.store(true, Ordering::SeqCst);
        for place in 0..self.size() {
            self.at(place).process.becomes(Life::Dead);
        }
    }

    pub(crate) fn start_again(&self) {
        self.is_stopped.store(false, Ordering::SeqCst);
        for place in 0..self.size() {
            self.replace(place);
        }
    }

    /// Ends all that was done to gateways; a clock that is wrong stays so.
    pub(crate) fn heal(&self) {
        for place in 0..self.size() {
            let process = self.at(place).process;
            process.reconnect();
            process.becomes(Life::Running);
            self.replace(place);
        }
    }
}
