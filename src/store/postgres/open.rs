//! Opening the store.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::{Executor, PgPool};
use tokio::time::timeout;

use super::driver::ANSWER_TIMEOUT;
use super::{PostgresDriver, PostgresStore, checks, migrate};
use crate::store::sql::{Floor, LeaseClock, OpenError, failed};

/// How long work waits for a connection before the store is called unavailable.
const ACQUIRE_TIMEOUT_MS: u64 = 10_000;
/// How long a connection that lay idle may take to show that it is still one. The others are tried then, while the wait for a
/// connection lasts.
const SIGN_OF_LIFE_TIMEOUT: Duration = Duration::from_secs(2);
/// After how long without use a connection is closed.
const IDLE_TIMEOUT_MS: u64 = 10 * 60 * 1_000;
/// After how long a connection is replaced, so that a server that was failed over from loses all of them.
const MAX_LIFETIME_MS: u64 = 30 * 60 * 1_000;

/// How to open the store. It is never printed: the URL may hold a password.
#[derive(Clone)]
pub struct PostgresOptions {
    /// Where the database is: `postgres://user:password@host:port/database`. A host elsewhere is spoken to through TLS that
    /// is verified, unless `sslmode` says otherwise; `sslrootcert` names the authorities, without it the public ones count.
    pub url: String,
    /// The most connections, two at least; the server has to allow as many for every replica.
    pub max_connections: u32,
    /// What leases run on: the database's clock, except in a test.
    pub clock: LeaseClock,
}

impl PostgresStore {
    /// Opens the store and brings its schema up to date, after the server was found fit for a journal. What a replica that
    /// died was working on is taken over as its leases lapse.
    ///
    /// # Errors
    /// [`OpenError`]; nothing was changed then, beyond schema versions that this version knows.
    pub async fn open(options: PostgresOptions) -> Result<Self, OpenError> {
        let pool = pool(&options).await?;
        checks::fit_for_a_journal(&pool, ANSWER_TIMEOUT).await?;
        migrate::up_to_date(&pool).await?;
        Ok(Self { driver: PostgresDriver::new(pool, options.clock), floor: Floor::default() })
    }

    /// Opens the store to read alone: a standby will do, and nothing is migrated.
    ///
    /// # Errors
    /// [`OpenError`] also where its schema is not this version's.
    pub async fn open_to_read(options: PostgresOptions) -> Result<Self, OpenError> {
        migrate::schema(&options).await?.must_be_known()?;
        let pool = pool(&options).await?;
        Ok(Self { driver: PostgresDriver::new(pool, options.clock), floor: Floor::default() })
    }
}

/// A pool of connections that carry nothing over from who used them before.
///
/// A transaction that was begun and whose user went away is still open on its connection, half written: the next user's
/// commit would be its commit. An aborted one refuses every later statement. So a connection is rolled back before it
/// is used again; `BEGIN` comes first, since a rollback without a transaction is a warning for each use. A server that has
/// gone without a word says nothing to that, for ever.
pub(super) async fn pool(options: &PostgresOptions) -> Result<PgPool, OpenError> {
    pool_options(options).connect_with(server(&options.url)?).await.map_err(failed)
}

/// The same, for a server that may be down now.
pub(super) fn pool_for_later(options: &PostgresOptions) -> Result<PgPool, OpenError> {
    Ok(pool_options(options).min_connections(0).connect_lazy_with(server(&options.url)?))
}

fn pool_options(options: &PostgresOptions) -> PgPoolOptions {
    PgPoolOptions::new()
        .before_acquire(|connection, _| {
            let clean = connection.execute("BEGIN; ROLLBACK");
            Box::pin(
                async move { timeout(SIGN_OF_LIFE_TIMEOUT, clean).await.map_err(|_| sqlx::Error::PoolTimedOut)?.map(|_| true) },
            )
        })
        .test_before_acquire(false)
        .max_connections(options.max_connections)
        .idle_timeout(Duration::from_millis(IDLE_TIMEOUT_MS))
        .max_lifetime(Duration::from_millis(MAX_LIFETIME_MS))
        .acquire_timeout(Duration::from_millis(ACQUIRE_TIMEOUT_MS))
}

/// The server that a URL names. Parameters that PgBouncer refuses are left out.
fn server(url: &str) -> Result<PgConnectOptions, OpenError> {
    let server = PgConnectOptions::from_str(url).map_err(|error| OpenError::Url(Box::new(error)))?;
    let server = server.statement_cache_capacity(0).extra_float_digits(None).application_name("settlement-gateway");
    let says_how = url.contains("sslmode=") || url.contains("ssl-mode=");
    Ok(if says_how || is_on_this_machine(&server) { server } else { server.ssl_mode(PgSslMode::VerifyFull) })
}

fn is_on_this_machine(server: &PgConnectOptions) -> bool {
    let host = server.get_host();
    let is_loopback = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    server.get_socket().is_some() || host == "localhost" || host.starts_with('/') || is_loopback
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> String {
        format!("{:?}", server(url).unwrap().get_ssl_mode())
    }

    #[test]
    fn a_server_elsewhere_is_verified_unless_the_url_says_otherwise() {
        assert_eq!(mode("postgres://gateway@db.internal/gateway"), "VerifyFull");
        assert_eq!(mode("postgres://gateway@db.internal/gateway?sslmode=require"), "Require");
        for here in ["localhost", "127.0.0.1", "%2Frun%2Fpostgresql"] {
            assert_ne!(mode(&format!("postgres://gateway@{here}/gateway")), "VerifyFull", "{here}");
        }
    }

    #[test]
    fn what_is_no_url_is_refused_without_being_repeated() {
        let refused = server("hunter2").unwrap_err();
        assert_eq!(refused.to_string(), "the database's URL cannot be used");
    }
}
