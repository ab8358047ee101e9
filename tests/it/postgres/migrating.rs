//! `migrate`: the schema is shown and applied from the command line, and the URL is told to nobody.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use settlement_gateway::store::Store;
use sqlx::Executor;
use tempfile::TempDir;

use super::open;
use crate::support::postgres::Schema;

/// A configuration whose journal is `store`.
fn configured(store: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let config = format!("[grpc]\nunauthenticated_loopback = true\n[store]\n{store}\n[anchor]\nfile = \"journal.anchor\"\n");
    std::fs::write(folder.path().join("gateway.toml"), config).unwrap();
    folder
}

fn migrate(folder: &Path, command: &str) -> Output {
    let config = folder.join("gateway.toml");
    let arguments = ["migrate", command, "--config"];
    Command::new(env!("CARGO_BIN_EXE_settlement-gateway")).args(arguments).arg(config).output().unwrap()
}

fn told(output: &Output) -> &str {
    assert!(output.status.success(), "{output:?}");
    std::str::from_utf8(&output.stdout).unwrap().split(';').next().unwrap()
}

/// The same three questions to either store.
fn goes_from_nothing_to_the_known_schema(folder: &Path) {
    assert_eq!(told(&migrate(folder, "up")), "schema 1");
    assert_eq!(told(&migrate(folder, "status")), "schema 1");
    assert_eq!(told(&migrate(folder, "up")), "schema 1", "and there is nothing to do a second time");
}

#[tokio::test]
async fn postgres_is_migrated_by_a_url_from_a_private_file() {
    let Some(schema) = Schema::fresh().await else { return };
    let folder = configured("url_file = \"database.url\"");
    let url = folder.path().join("database.url");
    std::fs::write(&url, schema.url()).unwrap();
    std::fs::set_permissions(&url, PermissionsExt::from_mode(0o600)).unwrap();
    assert_eq!(told(&migrate(folder.path(), "status")), "schema 0");
    goes_from_nothing_to_the_known_schema(folder.path());
    open(schema.url()).await.unwrap().close().await.unwrap();
    schema.connect().await.execute("UPDATE gateway_meta SET schema_version = 9, oldest_binary_schema = 9").await.unwrap();
    assert_eq!(told(&migrate(folder.path(), "status")), "schema 9");
    let refused = migrate(folder.path(), "up");
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && said.contains("needs a version that knows schema 9"), "{said}");
}

#[test]
fn sqlite_is_migrated_by_the_same_command() {
    let folder = configured("url = \"sqlite://journal.db\"");
    goes_from_nothing_to_the_known_schema(folder.path());
}

#[test]
fn a_database_that_is_not_there_is_refused_without_its_url() {
    let folder = configured("url_file = \"database.url\"");
    let url = folder.path().join("database.url");
    std::fs::write(&url, "postgres://gateway:hunter2-canary@localhost/gateway?host=/nonexistent").unwrap();
    std::fs::set_permissions(&url, PermissionsExt::from_mode(0o600)).unwrap();
    let refused = migrate(folder.path(), "status");
    let said = format!("{refused:?}");
    assert!(!refused.status.success() && !said.contains("hunter2-canary"), "{said}");
    assert!(said.contains("the store cannot be opened"), "{said}");
}
