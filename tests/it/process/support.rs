//! A process of the binary under test: what it says, signals, its end. It dies with the test.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Long enough for everything on a busy machine; nothing waits for it unless something is wrong.
pub(super) const PATIENCE: Duration = Duration::from_secs(90);
/// How often a condition is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(3);

/// Waits until a look finds something.
pub(super) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain until {what}");
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

/// A running process.
pub(super) struct Process {
    child: Child,
    said: Arc<Mutex<String>>,
    complained: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Process {
    pub(super) fn start<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Self {
        Self::start_in(Path::new("."), arguments)
    }

    /// Starts the binary in a folder that is its working and its temporary folder too.
    pub(super) fn start_in<S: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = S>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_settlement-gateway"));
        command.args(arguments).current_dir(folder);
        if folder != Path::new(".") {
            command.env("TMPDIR", folder);
        }
        Self::spawn(command)
    }

    /// Starts the binary with variables in its environment.
    pub(super) fn start_with<S: AsRef<OsStr>>(
        variables: impl IntoIterator<Item = (&'static str, OsString)>,
        arguments: impl IntoIterator<Item = S>,
    ) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_settlement-gateway"));
        command.args(arguments).envs(variables);
        Self::spawn(command)
    }

    /// Starts any command.
    pub(super) fn spawn(mut command: Command) -> Self {
        command.env("RUST_BACKTRACE", "1");
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (said, complained) = (Arc::default(), Arc::default());
        let readers = vec![
            gather(child.stdout.take().unwrap(), Arc::clone(&said)),
            gather(child.stderr.take().unwrap(), Arc::clone(&complained)),
        ];
        Self { child, said, complained, readers }
    }

    /// Runs the binary to its end.
    pub(super) async fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Ended {
        Self::start(arguments).ended().await
    }

    /// What was written to standard output so far.
    pub(super) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// What was written to standard error so far.
    pub(super) fn complained(&self) -> String {
        self.complained.lock().unwrap().clone()
    }

    /// Waits for a line with a beginning, and answers what follows it up to the next space.
    pub(super) async fn word_after(&mut self, beginning: &str) -> String {
        until(&format!("a line begins with {beginning:?}"), async || {
            let word = word_after(&self.said(), beginning);
            let ended = self.child.try_wait().unwrap();
            assert!(word.is_some() || ended.is_none(), "ended with {ended:?}: {}", self.complained());
            word
        })
        .await
    }

    /// The same of a process that may end first; `None` once it has.
    pub(super) async fn word_after_unless_ended(&mut self, beginning: &str) -> Option<String> {
        until(&format!("a line begins with {beginning:?}, or the process ends"), async || {
            let ended = self.child.try_wait().unwrap().is_some();
            let word = word_after(&self.said(), beginning);
            (ended || word.is_some()).then_some(word)
        })
        .await
    }

    /// Waits for an address behind the beginning of a line.
    pub(super) async fn address_after(&mut self, beginning: &str) -> SocketAddr {
        self.word_after(beginning).await.parse().unwrap()
    }

    /// The process's number.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether the process is still there.
    pub(super) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Kills the process where it stands, without a chance to do anything.
    pub(super) async fn kill(mut self) -> Ended {
        self.child.kill().unwrap();
        self.ended().await
    }

    /// Sends a signal by its name.
    pub(super) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end.
    pub(super) async fn ended(mut self) -> Ended {
        let status = until("the process ends", async || self.child.try_wait().unwrap()).await;
        for reader in std::mem::take(&mut self.readers) {
            reader.join().unwrap();
        }
        let ended = Ended { status, said: self.said(), complained: self.complained() };
        for sign in ["panicked at", "stack backtrace"] {
            assert!(!ended.complained.contains(sign), "{}", ended.complained);
        }
        ended
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process that has ended.
#[derive(Debug)]
pub(super) struct Ended {
    status: ExitStatus,
    pub(super) said: String,
    pub(super) complained: String,
}

impl Ended {
    /// The exit code; `None` for a process that was killed.
    pub(super) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Both outputs.
    pub(super) fn output(&self) -> String {
        format!("{}{}", self.said, self.complained)
    }

    /// Fails unless the process ended with a code.
    #[track_caller]
    pub(super) fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code(), Some(code), "{}", self.output());
        self
    }
}

/// Reads lines for as long as there are any.
fn gather(stream: impl Read + Send + 'static, into: Arc<Mutex<String>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            let mut text = into.lock().unwrap();
            text.push_str(&line.unwrap());
            text.push('\n');
        }
    })
}

fn word_after(text: &str, beginning: &str) -> Option<String> {
    let rest = text.lines().find_map(|line| line.strip_prefix(beginning))?;
    Some(rest.split_whitespace().next().unwrap_or_default().to_owned())
}
