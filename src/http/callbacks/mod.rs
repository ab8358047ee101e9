//! The listener that venues call, the only one that faces the internet.
//!
//! A call proves who it is from, is stored, and is answered; what it says is
//! never believed. What proves nothing is told nothing: every refusal of a
//! token looks the same, and an unguessable path that was guessed wrong looks
//! like any path that is not there. No path, no token and no body is logged.

mod answers;
mod bitgo;
mod bitlipa;
mod key;
mod paths;
mod rate;
mod token;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::bounded::{HttpSettings, Serving, serve};
use crate::service::Context;
use crate::tls::Tls;
pub use bitgo::BitGoEndpoint;
pub use bitlipa::BitlipaEndpoint;
pub use key::{KeyReload, VenueKey, VenueKeyError, VenueKeyFile};
use rate::Rate;
pub use token::TokenRules;

/// What the listener serves, and within which limits.
pub struct CallbackSettings {
    /// The limits on connections.
    pub http: HttpSettings,
    /// Its TLS; without it something in front must end TLS.
    pub tls: Option<Arc<Tls>>,
    /// The largest body.
    pub max_body_bytes: usize,
    /// The most requests in a minute.
    pub max_requests_per_minute: u32,
    /// Where BitGo calls.
    pub bitgo: Vec<BitGoEndpoint>,
    /// Where Bitlipa calls.
    pub bitlipa: Option<BitlipaEndpoint>,
}

/// The listener, bound and not yet serving.
pub struct CallbackServer {
    tcp: TcpListener,
    address: SocketAddr,
    http: HttpSettings,
    tls: Option<Arc<Tls>>,
    endpoints: Arc<Endpoints>,
}

/// What every request meets.
struct Endpoints {
    context: Context,
    rate: Rate,
    max_body_bytes: usize,
    bitgo: Vec<BitGoEndpoint>,
    bitlipa: Option<BitlipaEndpoint>,
}

impl CallbackServer {
    /// Binds an address.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn bind(address: SocketAddr, settings: CallbackSettings, context: Context) -> io::Result<Self> {
        let CallbackSettings { http, tls, max_body_bytes, max_requests_per_minute, bitgo, bitlipa } = settings;
        let tcp = TcpListener::bind(address).await?;
        let address = tcp.local_addr()?;
        let endpoints = Endpoints { context, rate: Rate::per_minute(max_requests_per_minute), max_body_bytes, bitgo, bitlipa };
        Ok(Self { tcp, address, http, tls, endpoints: Arc::new(endpoints) })
    }

    /// The address that was bound.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown`.
    pub async fn serve(self, shutdown: CancellationToken) {
        let router = Router::new().fallback(answer).with_state(self.endpoints);
        let serving = Serving { router, settings: self.http, tls: self.tls };
        serve(self.tcp, serving, shutdown).await;
    }
}

async fn answer(State(endpoints): State<Arc<Endpoints>>, request: Request) -> Response {
    if let Err(wait) = endpoints.rate.take() {
        return answers::too_many(wait);
    }
    for endpoint in &endpoints.bitgo {
        if let Some(places) = paths::places(endpoint.path(), request.uri().path()) {
            let ids = places.into_iter().map(str::to_owned).collect();
            return endpoint.answer(&endpoints.context, ids, request, endpoints.max_body_bytes).await;
        }
    }
    let token = endpoints.bitlipa.as_ref().and_then(|endpoint| endpoint.token(request.uri().path()));
    match token {
        Some(token) => BitlipaEndpoint::answer(&endpoints.context, &token, request, endpoints.max_body_bytes).await,
        None => answers::unknown_path(),
    }
}
