//! The listener that venues call, as it is configured.

use std::sync::Arc;

use axum::http::StatusCode;

use super::AppError;
use crate::config::{BitGoCallback, CallbackKey, CallbackTls, Callbacks};
use crate::http::{
    BitGoEndpoint, BitlipaEndpoint, CallbackServer, CallbackSettings, HttpSettings, TokenRules, VenueKey, VenueKeyFile,
};
use crate::service::Context;
use crate::tls::{ClientCertificates, Protocol, Tls, TlsFiles};

/// The listener, bound, and the keys that are to be read again when they change.
pub(super) struct BoundCallbacks {
    pub(super) server: CallbackServer,
    pub(super) keys: Vec<Arc<VenueKey>>,
    pub(super) tls: Option<Arc<Tls>>,
}

/// Opens the venues' keys and binds the listener.
pub(super) async fn bind(callbacks: &Callbacks, context: Context) -> Result<BoundCallbacks, AppError> {
    let bitgo: Vec<BitGoEndpoint> = callbacks.bitgo.iter().map(endpoint).collect::<Result<_, _>>()?;
    let keys = bitgo.iter().map(|endpoint| Arc::clone(&endpoint.key)).collect();
    let tls = callbacks.tls.as_ref().map(|tls| Tls::open(files(tls), Protocol::Http1).map(Arc::new)).transpose()?;
    let settings = CallbackSettings {
        tls: tls.clone(),
        http: HttpSettings {
            max_connections: usize::try_from(callbacks.max_connections).unwrap_or(usize::MAX),
            header_timeout: callbacks.header_timeout,
            connection_timeout: callbacks.connection_timeout,
            ..HttpSettings::default()
        },
        max_body_bytes: usize::try_from(callbacks.max_body_bytes).unwrap_or(usize::MAX),
        max_requests_per_minute: callbacks.max_requests_per_minute,
        bitgo,
        bitlipa: callbacks.bitlipa.as_ref().map(|callback| BitlipaEndpoint::under(&callback.path)),
    };
    let server = CallbackServer::bind(callbacks.listen, settings, context).await.map_err(AppError::Callbacks)?;
    Ok(BoundCallbacks { server, keys, tls })
}

fn files(tls: &CallbackTls) -> TlsFiles {
    let (certificate, key) = (tls.certificate_file.clone(), tls.private_key_file.clone());
    TlsFiles { certificate, key, clients: ClientCertificates::Ignored }
}

fn endpoint(callback: &BitGoCallback) -> Result<BitGoEndpoint, AppError> {
    let file = match &callback.key {
        CallbackKey::Pem(path) => VenueKeyFile::Pem(path.clone()),
        CallbackKey::Jwks(path) => VenueKeyFile::Jwks(path.clone()),
    };
    Ok(BitGoEndpoint {
        path: callback.path.as_str().to_owned(),
        enterprises: callback.enterprises.clone(),
        key: Arc::new(VenueKey::open(file)?),
        rules: TokenRules {
            issuer: callback.issuer.clone(),
            audience: callback.audience.clone(),
            max_lifetime: callback.max_token_lifetime,
            clock_tolerance: callback.clock_tolerance,
        },
        status: StatusCode::from_u16(callback.answer_status).unwrap_or(StatusCode::OK),
        body: callback.answer_body.clone(),
    })
}
