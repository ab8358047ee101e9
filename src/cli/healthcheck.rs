//! `healthcheck`: one request to the ops listener, for images without a shell.

use std::time::Duration;

use clap::Args;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::exit::{Exit, complain};

/// The longest wait for an answer.
const TIMEOUT_MS: u64 = 3_000;
/// Enough for a status line.
const MAX_ANSWER_BYTES: usize = 256;

/// Arguments of `healthcheck`.
#[derive(Debug, Args)]
pub(super) struct HealthcheckArgs {
    /// Where the ops listener is: an IP address or a name, and a port.
    #[arg(long, default_value = "127.0.0.1:9464", value_name = "ADDRESS")]
    ops: String,
}

pub(super) async fn run(args: &HealthcheckArgs) -> Exit {
    match tokio::time::timeout(Duration::from_millis(TIMEOUT_MS), status_line(&args.ops)).await {
        Ok(Ok(line)) if line.starts_with("HTTP/1.1 200") || line.starts_with("HTTP/1.0 200") => Exit::Success,
        Ok(Ok(line)) => fail(&line),
        Ok(Err(error)) => fail(&error.to_string()),
        Err(_) => fail("no answer in time"),
    }
}

fn fail(why: &str) -> Exit {
    complain(&format!("not ready: {why}"));
    Exit::Failure
}

async fn status_line(address: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = [0; MAX_ANSWER_BYTES];
    let read = stream.read(&mut answer).await?;
    let text = String::from_utf8_lossy(answer.get(..read).unwrap_or_default()).into_owned();
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
