//! A PgBouncer of these tests' own in transaction mode, in front of their PostgreSQL server.

use std::io::Write;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::ChildStdin;
use std::sync::OnceLock;

use super::postgres::{Schema, command, run, user, watchdog};

/// How many schemas find their user there.
const USERS: u32 = 10_000;
/// Runs until its input ends, then stops the pooler (`$1`: its folder).
const WATCHDOG: &str = "cat >/dev/null; kill \"$(cat \"$1/pid\")\"; rm -rf \"$1\"";

/// The pooler of this process.
pub(crate) struct Pooler {
    folder: PathBuf,
    /// Closed by the system when this process ends.
    _lifeline: ChildStdin,
}

impl Pooler {
    /// The one of this process, in front of the server of a schema; nothing where it is not installed, which is said once.
    pub(crate) fn before(schema: &Schema) -> Option<&'static Self> {
        static POOLER: OnceLock<Option<Pooler>> = OnceLock::new();
        POOLER.get_or_init(|| binary().map(|binary| Self::start(&binary, schema)).or_else(skip)).as_ref()
    }

    /// The folder of its socket.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn start(binary: &Path, schema: &Schema) -> Self {
        let user = user();
        let folder = tempfile::Builder::new().prefix("gateway-pooler-").tempdir_in("/tmp").unwrap().keep();
        let text = folder.to_str().unwrap();
        let users: String = (0..USERS).map(|n| format!("\"test_{n}\" \"\"\n")).collect();
        std::fs::write(folder.join("users"), users).unwrap();
        std::fs::write(folder.join("ini"), configuration(text, schema.socket().parent().unwrap())).unwrap();
        if let Some(user) = &user {
            chown(&folder, Some(user.id), Some(user.group)).unwrap();
        }
        run(command(user.as_ref(), binary).args(["-q", "-d", &format!("{text}/ini")]));
        let lifeline = watchdog(user.as_ref(), WATCHDOG, &[text]);
        Self { folder, _lifeline: lifeline }
    }
}

/// Fewer connections to the server than a store has to the pooler, so that transactions of many share each.
fn configuration(folder: &str, server: &Path) -> String {
    let server = server.display();
    format!(
        "[databases]\n* = host={server} port=5432\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\nunix_socket_dir = {folder}\n\
         auth_type = trust\nauth_file = {folder}/users\npool_mode = transaction\nmax_client_conn = 1000\ndefault_pool_size = 3\n\
         server_idle_timeout = 1\nlogfile = {folder}/log\npidfile = {folder}/pid\n"
    )
}

fn binary() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join("pgbouncer")).find(|binary| binary.is_file())
}

/// Says past the harness, which hides what a passing test prints, that nothing was tried.
fn skip() -> Option<Pooler> {
    let _ = writeln!(std::io::stderr(), "SKIPPED: every test behind PgBouncer, since it is not installed: scripts/postgres.sh");
    None
}
