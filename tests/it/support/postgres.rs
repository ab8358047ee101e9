//! A PostgreSQL server of these tests' own, from the system's binaries, and a schema for each test.
//!
//! It is started once, by the first test that needs it, as a user who is not
//! root. A shell holds the other end of a pipe: when this process ends, however
//! it ends, the shell stops the server and removes its folder.

use std::io::Write;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor};

/// What the server allows: each test's pools are small, and a few tests run at once.
const MAX_CONNECTIONS: &str = "200";
/// Runs until its input ends, then stops the server (`$1`: pg_ctl, `$2`: data, `$3`: the folder that is removed).
const WATCHDOG: &str = "cat >/dev/null; \"$1\" stop -D \"$2\" -m immediate -s; rm -rf \"$3\"";

/// The server of this process.
struct Server {
    folder: PathBuf,
    /// Closed by the system when this process ends.
    _lifeline: ChildStdin,
}

/// A schema that nobody else uses, in the tests' server.
pub(crate) struct Schema {
    name: String,
    socket: &'static Path,
}

impl Schema {
    /// Makes one; nothing where this machine has no PostgreSQL, which is said once and is an error in CI.
    pub(crate) async fn fresh() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server = server()?;
        let schema = Self { name: format!("test_{}", COUNT.fetch_add(1, Ordering::SeqCst)), socket: &server.folder };
        let create = AssertSqlSafe(format!("CREATE SCHEMA {}", schema.name));
        schema.connect().await.execute(create).await.unwrap();
        Some(schema)
    }

    /// The URL under which a gateway finds the schema.
    pub(crate) fn url(&self) -> String {
        let socket = self.socket.display();
        format!("postgres://gateway@localhost/postgres?host={socket}&options=-c%20search_path%3D{}", self.name)
    }

    /// A connection beside the gateway's own.
    pub(crate) async fn connect(&self) -> PgConnection {
        self.url().parse::<PgConnectOptions>().unwrap().connect().await.unwrap()
    }
}

fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(|| binaries().map(|binaries| Server::start(&binaries)).or_else(skip)).as_ref()
}

/// Says past the harness, which hides what a passing test prints, that nothing was tried.
fn skip() -> Option<Server> {
    let asked = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!asked, "PostgreSQL's server is not installed and CI=true: run scripts/postgres.sh");
    let _ = writeln!(std::io::stderr(), "SKIPPED: every PostgreSQL test, since its server is not installed: scripts/postgres.sh");
    None
}

/// The folder with `initdb` and `pg_ctl`: the newest of Debian's, or on the path.
fn binaries() -> Option<PathBuf> {
    let has_all = |folder: &PathBuf| ["initdb", "pg_ctl", "postgres"].iter().all(|name| folder.join(name).is_file());
    let version = |folder: &PathBuf| folder.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok()).unwrap_or(0);
    let mut packaged: Vec<_> =
        Path::new("/usr/lib/postgresql").read_dir().into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    packaged.sort_by_key(version);
    let packaged = packaged.into_iter().rev().map(|folder| folder.join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    packaged.chain(std::env::split_paths(&path)).find(has_all)
}

impl Server {
    fn start(binaries: &Path) -> Self {
        let user = user();
        let folder = tempfile::Builder::new().prefix("gateway-pg-").tempdir_in("/tmp").unwrap().keep();
        if let Some(user) = &user {
            chown(&folder, Some(user.id), Some(user.group)).unwrap();
        }
        let (data, log) = (folder.join("data"), folder.join("log"));
        let [data_text, folder_text, log_text] = [&data, &folder, &log].map(|path| path.to_str().unwrap());
        let locale = ["--encoding=UTF8", "--locale=C.UTF-8"];
        let initdb = ["-D", data_text, "-U", "gateway", "--auth=trust", "--no-instructions"];
        run(command(user.as_ref(), &binaries.join("initdb")).args(initdb).args(locale));
        let pg_ctl = binaries.join("pg_ctl");
        let lifeline = watchdog(user.as_ref(), [pg_ctl.to_str().unwrap(), data_text, folder_text]);
        let options = format!("-k {folder_text} -c listen_addresses= -c max_connections={MAX_CONNECTIONS}");
        run(command(user.as_ref(), &pg_ctl).args(["start", "-w", "-s", "-D", data_text, "-l", log_text, "-o", &options]));
        Self { folder, _lifeline: lifeline }
    }
}

/// Whom the server runs as where this process is root, which PostgreSQL refuses.
struct User {
    id: u32,
    group: u32,
}

fn user() -> Option<User> {
    let id = |flag: &str, name: &[&str]| {
        let told = Command::new("id").arg(flag).args(name).output().unwrap();
        String::from_utf8(told.stdout).unwrap().trim().parse::<u32>().ok()
    };
    if id("-u", &[]) != Some(0) {
        return None;
    }
    ["postgres", "nobody"].iter().find_map(|name| Some(User { id: id("-u", &[name])?, group: id("-g", &[name])? }))
}

/// A command as that user, outside the terminal's group, so that an interrupt leaves it to the watchdog.
fn command(user: Option<&User>, program: &Path) -> Command {
    let mut command = Command::new(program);
    if let Some(user) = user {
        command.uid(user.id).gid(user.group);
    }
    command.current_dir("/").process_group(0).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

fn run(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

fn watchdog(user: Option<&User>, arguments: [&str; 3]) -> ChildStdin {
    let mut shell = command(user, Path::new("/bin/sh"));
    shell.args(["-c", WATCHDOG, "watchdog"]).args(arguments).stdin(Stdio::piped()).stderr(Stdio::null());
    shell.spawn().unwrap().stdin.take().unwrap()
}
