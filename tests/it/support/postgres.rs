//! A PostgreSQL server of these tests' own, from the system's binaries, and a schema for each test.
//!
//! It is started once, by the first test that needs it, as a user who is not
//! root. A shell holds the other end of a pipe: when this process ends, however
//! it ends, the shell stops the server and removes its folder.

use std::io::Write;
use std::net::SocketAddr;
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
    binaries: PathBuf,
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

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The server's socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.socket.join(".s.PGSQL.5432")
    }

    /// The URL under which a gateway finds the schema at another address.
    pub(crate) async fn url_at(&self, address: SocketAddr) -> String {
        format!("postgres://{}@{address}/postgres?sslmode=disable", self.user().await)
    }

    /// The same where a pooler has its socket, which takes no options.
    pub(crate) async fn url_behind(&self, pooler: &Path) -> String {
        format!("postgres://{}@localhost/postgres?host={}&port=6432", self.user().await, pooler.display())
    }

    /// A user of the schema's name, who finds it unasked, and whose connections can be told from those of other tests.
    async fn user(&self) -> &str {
        let name = &self.name;
        let make = format!("CREATE ROLE {name} SUPERUSER LOGIN; ALTER ROLE {name} SET search_path = {name}");
        let is_known = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)";
        let mut connection = self.connect().await;
        if !sqlx::query_scalar::<_, bool>(is_known).bind(name).fetch_one(&mut connection).await.unwrap() {
            connection.execute(AssertSqlSafe(make)).await.unwrap();
        }
        name
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

/// A server that nobody else uses: it may be killed, and comes back with what it had made durable.
pub(crate) struct OwnServer(Server);

impl OwnServer {
    /// Makes and starts one; nothing where this machine has no PostgreSQL.
    pub(crate) fn start() -> Option<Self> {
        binaries().map(|binaries| Self(Server::start(&binaries))).or_else(|| skip().map(Self))
    }

    /// The URL of its only database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://gateway@localhost/postgres?host={}", self.0.folder.display())
    }

    /// Ends every process of the server where it stands, in the middle of commits too, and starts it anew.
    pub(crate) fn crash(&self) {
        let Server { folder, binaries, .. } = &self.0;
        let data = folder.join("data");
        run(command(user().as_ref(), &binaries.join("pg_ctl")).args(["stop", "-s", "-m", "immediate", "-D"]).arg(&data));
        self.0.run();
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
        let data = folder.join("data");
        let [data_text, folder_text] = [&data, &folder].map(|path| path.to_str().unwrap());
        let locale = ["--encoding=UTF8", "--locale=C.UTF-8"];
        let initdb = ["-D", data_text, "-U", "gateway", "--auth=trust", "--no-instructions"];
        run(command(user.as_ref(), &binaries.join("initdb")).args(initdb).args(locale));
        let pg_ctl = binaries.join("pg_ctl");
        let lifeline = watchdog(user.as_ref(), WATCHDOG, &[pg_ctl.to_str().unwrap(), data_text, folder_text]);
        let server = Self { folder, binaries: binaries.to_owned(), _lifeline: lifeline };
        server.run();
        server
    }

    /// Starts its processes.
    fn run(&self) {
        let Self { folder, binaries, .. } = self;
        let options = format!("-k {} -c listen_addresses= -c max_connections={MAX_CONNECTIONS}", folder.display());
        let (data, log) = (folder.join("data"), folder.join("log"));
        let mut pg_ctl = command(user().as_ref(), &binaries.join("pg_ctl"));
        run(pg_ctl.args(["start", "-w", "-s", "-o", &options, "-D"]).arg(data).arg("-l").arg(log));
    }
}

/// Whom the server runs as where this process is root, which PostgreSQL refuses.
pub(crate) struct User {
    pub(crate) id: u32,
    pub(crate) group: u32,
}

pub(crate) fn user() -> Option<User> {
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
pub(crate) fn command(user: Option<&User>, program: &Path) -> Command {
    let mut command = Command::new(program);
    if let Some(user) = user {
        command.uid(user.id).gid(user.group);
    }
    command.current_dir("/").process_group(0).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// Runs a command that must succeed.
pub(crate) fn run(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

/// A shell that runs `script` with arguments, whose input ends with this process.
pub(crate) fn watchdog(user: Option<&User>, script: &str, arguments: &[&str]) -> ChildStdin {
    let mut shell = command(user, Path::new("/bin/sh"));
    shell.args(["-c", script, "watchdog"]).args(arguments).stdin(Stdio::piped()).stderr(Stdio::null());
    shell.spawn().unwrap().stdin.take().unwrap()
}
