//! How a venue is reached, and the client that is built from it.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Certificate, Proxy, redirect, retry};
use thiserror::Error;

use super::breaker::Breaker;
use super::skew::Skew;
use super::{BaseUrl, HttpClient, Pulse};
use crate::domain::time::Clock;

/// Connections that nobody used for so long are closed: shorter than the idle times of common proxies.
const POOL_IDLE_TIMEOUT_MS: u64 = 20_000;
/// Idle connections that are kept for one venue.
const POOL_MAX_IDLE: usize = 16;
/// What the gateway calls itself.
const USER_AGENT: &str = concat!("settlement-gateway/", env!("CARGO_PKG_VERSION"));

/// How a venue is reached.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Whose access it is, for logs and metrics: an enterprise's id, or a venue's name.
    pub name: String,
    /// The longest wait for a connection, TLS included. Shorter than `call_timeout`, or a slow connection counts as sent.
    pub connect_timeout: Duration,
    /// The longest wait for an answer to begin, connecting included. Longer than `connect_timeout`.
    pub first_byte_timeout: Duration,
    /// The longest wait for a whole answer, of a read with all its repeats.
    pub call_timeout: Duration,
    /// Whether `http` base URLs are taken: for loopback, or where the operator said so.
    pub allow_plaintext: bool,
    /// Certificates (PEM) that are trusted instead of the system's, for a venue behind a private authority.
    pub root_certificates_pem: Option<Vec<u8>>,
    /// The proxy that all calls go through, without user and password. The environment's proxies are never used.
    pub proxy_url: Option<String>,
    /// How often a read is repeated, at most, when the way to the venue failed it.
    pub read_repeats: u32,
    /// The longest wait before the first repeat; it doubles for each further one.
    pub repeat_wait: Duration,
    /// After so many failures in a row the venue is left alone; 0 for never.
    pub breaker_failures: u32,
    /// For how long, before one call tries whether the venue is back.
    pub breaker_wait: Duration,
    /// A difference between the venue's clock and ours beyond this is logged.
    pub max_clock_skew: Duration,
    /// Where it is noted what was last seen of the venue.
    pub pulse: Pulse,
}

/// Patience alone: nothing is repeated, and no venue is ever left alone.
impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            name: String::new(),
            connect_timeout: Duration::from_secs(5),
            first_byte_timeout: Duration::from_secs(25),
            call_timeout: Duration::from_secs(30),
            allow_plaintext: false,
            root_certificates_pem: None,
            proxy_url: None,
            read_repeats: 0,
            repeat_wait: Duration::from_millis(200),
            breaker_failures: 0,
            breaker_wait: Duration::from_secs(5),
            max_clock_skew: Duration::from_secs(30),
            pulse: Pulse::default(),
        }
    }
}

/// Why a venue's client cannot be built.
#[derive(Debug, Error)]
pub enum BuildError {
    /// Not an absolute URL without user, query and fragment.
    #[error("the base URL must be absolute, without user, query and fragment")]
    BaseUrl,
    /// A venue without TLS that was not allowed.
    #[error("the base URL must begin with https")]
    Plaintext,
    /// The root certificates cannot be read.
    #[error("the root certificates cannot be read")]
    RootCertificates(#[source] reqwest::Error),
    /// The proxy's URL is none.
    #[error("the proxy's URL cannot be used")]
    Proxy(#[source] reqwest::Error),
    /// The token cannot sign requests.
    #[error("request signing needs a token that begins with v2x or has 67 characters")]
    TokenCannotSign,
    /// The client cannot be set up: most likely the system has no root certificates.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
}

impl HttpClient {
    /// Builds the client of one venue.
    ///
    /// Redirects are not followed, since a 307 would post a signed body elsewhere; nothing is repeated unasked; and
    /// proxies are not taken from the environment.
    pub(in crate::upstream) fn new(base_url: &BaseUrl, options: HttpOptions, clock: Arc<dyn Clock>) -> Result<Self, BuildError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(options.connect_timeout)
            .timeout(options.call_timeout)
            .pool_idle_timeout(Duration::from_millis(POOL_IDLE_TIMEOUT_MS))
            .pool_max_idle_per_host(POOL_MAX_IDLE)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_proxy()
            .https_only(base_url.is_https());
        if let Some(pem) = &options.root_certificates_pem {
            builder = builder.tls_certs_only(Certificate::from_pem_bundle(pem).map_err(BuildError::RootCertificates)?);
        } else if !base_url.is_https() {
            // Without TLS there is nothing to verify, and a machine without root certificates must do.
            builder = builder.tls_certs_only([]);
        }
        if let Some(url) = &options.proxy_url {
            builder = builder.proxy(Proxy::all(url).map_err(BuildError::Proxy)?);
        }
        let pool = builder.build().map_err(BuildError::Client)?;
        let breaker =
            Breaker::new(options.name.clone(), options.breaker_failures, options.breaker_wait).shown_by(options.pulse.clone());
        let skew = Skew::new(options.name.clone(), options.max_clock_skew).shown_by(options.pulse.clone());
        Ok(Self { pool, options, clock, breaker, skew })
    }
}
