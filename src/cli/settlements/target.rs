//! Which gateway is asked, how it is recognised, and as whom.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use http::Uri;
use thiserror::Error;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};

use crate::config::{Environment, ProcessEnvironment};
use crate::files::{FileError, read_plain, read_secret};
use crate::grpc::pb::admin_service_client::AdminServiceClient;
use crate::grpc::pb::settlement_service_client::SettlementServiceClient;
use crate::secret::Secret;

/// The largest file of certificates, or with a key or a token.
const MAX_FILE_BYTES: usize = 1024 * 1024;
/// The longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest answer: a settlement with all the legs that one may have, and its timeline.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;
/// Where a token may stand beside a file.
const TOKEN_VARIABLE: &str = "SETTLEMENT_GATEWAY_TOKEN";

/// The gateway, and who asks.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct TargetArgs {
    /// The gateway. With https its certificate is verified; http is for this machine, such as `dev`.
    #[arg(long, env = "SETTLEMENT_GATEWAY_TARGET", default_value = "http://127.0.0.1:50051", value_name = "URL")]
    target: Uri,
    /// PEM: the authorities that the gateway's certificate must come from; without it, the system's.
    #[arg(long, env = "SETTLEMENT_GATEWAY_CA_FILE", value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// The name that the gateway's certificate must have, where it is not the URL's.
    #[arg(long, value_name = "NAME")]
    server_name: Option<String>,
    /// PEM: the caller's certificate, where callers are known by theirs.
    #[arg(long, value_name = "FILE", requires = "client_key_file")]
    client_certificate_file: Option<PathBuf>,
    /// PEM: its private key, in a file that its owner alone can reach.
    #[arg(long, value_name = "FILE", requires = "client_certificate_file")]
    client_key_file: Option<PathBuf>,
    /// The caller's bearer token, in a file that its owner alone can reach; or in the variable SETTLEMENT_GATEWAY_TOKEN.
    #[arg(long, env = "SETTLEMENT_GATEWAY_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// How long the call may take.
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    timeout_seconds: u64,
}

/// Why nobody could be asked.
#[derive(Debug, Error)]
pub(super) enum TargetError {
    /// The URL has another scheme, or no host.
    #[error("--target must be http://HOST:PORT or https://HOST:PORT")]
    Url,
    /// What is for TLS stands beside a URL without it.
    #[error("certificates are for an https target")]
    NoTls,
    /// A token would be readable on its way.
    #[error("a token is sent through TLS alone: beyond this machine the target must begin with https")]
    Plaintext,
    /// The token cannot stand in a header.
    #[error("the token holds characters other than visible ASCII, or none")]
    Token,
    /// A file is refused.
    #[error("{} is refused", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        reason: FileError,
    },
    /// The certificates or the key do not fit.
    #[error("TLS cannot be set up")]
    Tls(#[source] tonic::transport::Error),
    /// Nobody answers there, or not who should.
    #[error("the gateway at {target} cannot be reached; is it running, and is --target right?")]
    Unreachable {
        /// Where.
        target: Uri,
        /// Why.
        #[source]
        cause: tonic::transport::Error,
    },
}

impl TargetError {
    /// Whether the command line is at fault, and not the gateway or the way to it.
    pub(super) fn is_mistake(&self) -> bool {
        !matches!(self, Self::Unreachable { .. })
    }
}

/// A connection, and the token that goes with each call.
pub(super) struct Client {
    channel: Channel,
    authorization: Option<MetadataValue<Ascii>>,
    timeout: Duration,
}

impl Client {
    /// SettlementService.
    pub(super) fn settlements(&self) -> SettlementServiceClient<Channel> {
        SettlementServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    /// AdminService.
    pub(super) fn admin(&self) -> AdminServiceClient<Channel> {
        AdminServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    /// A request with its deadline, and with who asks.
    pub(super) fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(self.timeout);
        if let Some(authorization) = &self.authorization {
            request.metadata_mut().insert("authorization", authorization.clone());
        }
        request
    }

    /// Waits for an answer a little longer than the gateway has for it: it answers with the durable state before that.
    pub(super) async fn answer<T>(&self, call: impl Future<Output = Result<tonic::Response<T>, Status>>) -> Result<T, Status> {
        let answered = tokio::time::timeout(self.timeout.saturating_add(Duration::from_secs(1)), call).await;
        let late = |_| Status::deadline_exceeded("no answer in time: it is not known what was done");
        Ok(answered.map_err(late)??.into_inner())
    }
}

impl TargetArgs {
    /// Connects, which tells a wrong target from a refused call.
    pub(super) async fn connect(&self) -> Result<Client, TargetError> {
        let is_tls = match (self.target.scheme_str(), self.target.host()) {
            (Some("https"), Some(_)) => true,
            (Some("http"), Some(_)) => false,
            _ => return Err(TargetError::Url),
        };
        let authorization = self.authorization(&ProcessEnvironment)?;
        if authorization.is_some() && !is_tls && !self.is_this_machine() {
            return Err(TargetError::Plaintext);
        }
        let endpoint = Endpoint::from(self.target.clone()).connect_timeout(CONNECT_TIMEOUT);
        let endpoint = match (is_tls, self.tls()?) {
            (true, tls) => {
                let tls = tls.unwrap_or_default();
                let tls = if self.ca_file.is_some() { tls } else { tls.with_native_roots() };
                endpoint.tls_config(tls).map_err(TargetError::Tls)?
            }
            (false, None) => endpoint,
            (false, Some(_)) => return Err(TargetError::NoTls),
        };
        let unreachable = |cause| TargetError::Unreachable { target: self.target.clone(), cause };
        let channel = endpoint.connect().await.map_err(unreachable)?;
        Ok(Client { channel, authorization, timeout: Duration::from_secs(self.timeout_seconds) })
    }

    fn is_this_machine(&self) -> bool {
        let host = self.target.host().unwrap_or_default().trim_matches(['[', ']']);
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// What the command line says of TLS; `None` where it says nothing.
    fn tls(&self) -> Result<Option<ClientTlsConfig>, TargetError> {
        let mut tls = None;
        if let Some(path) = &self.ca_file {
            tls = Some(tls.unwrap_or_else(ClientTlsConfig::new).ca_certificate(Certificate::from_pem(public(path)?)));
        }
        if let Some(name) = &self.server_name {
            tls = Some(tls.unwrap_or_else(ClientTlsConfig::new).domain_name(name));
        }
        if let (Some(certificate), Some(key)) = (&self.client_certificate_file, &self.client_key_file) {
            let identity = Identity::from_pem(public(certificate)?, secret(key)?.expose());
            tls = Some(tls.unwrap_or_else(ClientTlsConfig::new).identity(identity));
        }
        Ok(tls)
    }

    fn authorization(&self, environment: &dyn Environment) -> Result<Option<MetadataValue<Ascii>>, TargetError> {
        let token = match &self.token_file {
            Some(path) => Some(secret(path)?),
            None => environment.variable(TOKEN_VARIABLE),
        };
        token.map(|token| bearer(&token)).transpose()
    }
}

fn bearer(token: &Secret) -> Result<MetadataValue<Ascii>, TargetError> {
    let text = token.expose_text().map(str::trim).filter(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic()));
    let text = text.ok_or(TargetError::Token)?;
    let mut value = MetadataValue::try_from(format!("Bearer {text}")).map_err(|_| TargetError::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

fn public(path: &Path) -> Result<Vec<u8>, TargetError> {
    read_plain(path, MAX_FILE_BYTES).map_err(|reason| TargetError::File { path: path.to_owned(), reason })
}

fn secret(path: &Path) -> Result<Secret, TargetError> {
    read_secret(path, MAX_FILE_BYTES).map_err(|reason| TargetError::File { path: path.to_owned(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_word_of_visible_characters() {
        let of = |text: &str| bearer(&Secret::from_text(text.to_owned()));
        assert_eq!(of("abc\n").unwrap(), "Bearer abc");
        assert!(of("abc").unwrap().is_sensitive());
        for bad in ["", " \n", "a b", "é"] {
            assert!(matches!(of(bad), Err(TargetError::Token)), "{bad}");
        }
    }
}
