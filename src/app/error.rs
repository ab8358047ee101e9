//! Why the gateway did not start or stop.

use std::time::Duration;

use thiserror::Error;

use crate::files::FileError;
use crate::grpc::{AmbiguousProof, ServerError, TlsError};
use crate::http::VenueKeyError;
use crate::service::DirectoryError;
use crate::store::sqlite::CopyError;
use crate::store::{OpenError, StoreError};
use crate::telemetry::metrics::MetricsError;
use crate::upstream::{BuildError, CredentialError};

/// Why the gateway did not start or stop.
#[derive(Debug, Error)]
pub enum AppError {
    /// The journal did not open.
    #[error("the journal cannot be opened")]
    Store(#[from] OpenError),
    /// The journal was not copied.
    #[error("the journal was not copied")]
    Copy(#[from] CopyError),
    /// The anchor's database cannot be named.
    #[error("the anchor cannot be reached")]
    Anchor(#[source] OpenError),
    /// Metrics cannot be gathered.
    #[error("metrics cannot be gathered")]
    Metrics(#[from] MetricsError),
    /// A venue's credential cannot be had.
    #[error("the credential of {whose} cannot be had")]
    Credential {
        /// Whose.
        whose: String,
        /// Why.
        #[source]
        cause: CredentialError,
    },
    /// A secret cannot be had.
    #[error("a secret cannot be had")]
    Secret(#[from] crate::config::SecretError),
    /// A venue's access cannot be set up.
    #[error("the access of {whose} cannot be set up")]
    Venue {
        /// Whose.
        whose: String,
        /// Why.
        #[source]
        cause: BuildError,
    },
    /// A venue's certificates cannot be read.
    #[error("a venue's certificates cannot be read")]
    Certificates(#[from] FileError),
    /// Two enterprises cannot both be served.
    #[error("the enterprises cannot all be served")]
    Directory(#[from] DirectoryError),
    /// Two callers cannot be told apart.
    #[error("the callers cannot be told apart")]
    Callers(#[from] AmbiguousProof),
    /// A listener's TLS cannot be set up.
    #[error("a listener's TLS cannot be set up")]
    Tls(#[from] TlsError),
    /// The gRPC listener cannot be bound.
    #[error("the gRPC listener cannot be started")]
    Grpc(#[from] ServerError),
    /// The reflection services cannot be set up.
    #[error("reflection cannot be set up")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The ops listener cannot be bound.
    #[error("the ops listener cannot be bound")]
    Ops(#[source] std::io::Error),
    /// The key that a venue signs its calls with cannot be used.
    #[error("the key that a venue signs its calls with cannot be used")]
    VenueKey(#[from] VenueKeyError),
    /// The callbacks' listener cannot be bound.
    #[error("the listener for the venues' calls cannot be bound")]
    Callbacks(#[source] std::io::Error),
    /// The journal did not answer while the gateway started.
    #[error("the journal did not answer")]
    Journal(#[from] StoreError),
    /// The journal did not close in order; what was recorded is durable all the same.
    #[error("the journal did not close in order")]
    Close(#[source] StoreError),
    /// Something had not ended within the grace.
    #[error("not everything ended within {0:?}; what was recorded is resumed at the next start")]
    Grace(Duration),
}
