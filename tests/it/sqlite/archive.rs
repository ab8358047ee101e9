//! What SQLite itself refuses, and how it finds what may leave.

use settlement_gateway::store::Store;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, Row};
use tempfile::TempDir;

use super::open;
use crate::conformance::signed;

/// A journal with one settlement that is under way, which nobody has open.
pub(super) async fn journal(folder: &TempDir) -> SqliteConnection {
    let store = open(folder.path()).await.unwrap();
    signed(&store).await;
    store.close().await.unwrap();
    SqliteConnectOptions::new().filename(folder.path().join("journal.db")).foreign_keys(false).connect().await.unwrap()
}

#[tokio::test]
async fn nothing_is_removed_before_it_is_archived_and_a_settlement_never() {
    let folder = TempDir::new().unwrap();
    let mut on = journal(&folder).await;
    for (table, why) in [
        ("settlement", "an external id is taken for ever"),
        ("settlement_intent", "nothing leaves before it is archived"),
        ("settlement_material", "nothing leaves before it is archived"),
        ("settlement_event", "nothing leaves before it is archived"),
    ] {
        let refused = on.execute(AssertSqlSafe(format!("DELETE FROM {table}"))).await.unwrap_err();
        assert!(refused.to_string().contains(why), "{table}: {refused}");
    }
    let refused = on.execute("UPDATE settlement SET archived_in = 'a file'").await.unwrap_err();
    assert!(refused.to_string().contains("only what is finished is archived"), "{refused}");
}

#[tokio::test]
async fn what_is_archived_never_changes_again() {
    let folder = TempDir::new().unwrap();
    let mut on = journal(&folder).await;
    on.execute("UPDATE settlement SET terminal = 1, archived_in = 'a file'").await.unwrap();
    for change in
        ["sequence = sequence + 1", "state = 'RECEIVED'", "archived_in = NULL", "archived_in = 'another'", "terminal = 0"]
    {
        let refused = on.execute(AssertSqlSafe(format!("UPDATE settlement SET {change}"))).await.unwrap_err();
        assert!(refused.to_string().contains("it never changes again"), "{change}: {refused}");
    }
    on.execute("DELETE FROM settlement_event").await.unwrap();
}

/// However many settlements there are, none but those that may leave is read.
#[tokio::test]
async fn the_choice_of_what_may_leave_reads_an_index_that_holds_nothing_else() {
    let folder = TempDir::new().unwrap();
    let mut on = journal(&folder).await;
    for (table, index) in [("settlement", "settlement_finished"), ("trade", "trade_finished")] {
        let explain = format!(
            "EXPLAIN QUERY PLAN SELECT id, updated_at AS ended_at FROM {table} WHERE terminal = 1 AND archived_in IS NULL \
             AND updated_at < 'x' ORDER BY updated_at, id LIMIT 64"
        );
        let steps: Vec<String> =
            sqlx::query(AssertSqlSafe(explain)).fetch_all(&mut on).await.unwrap().iter().map(|step| step.get("detail")).collect();
        assert!(steps.len() == 1 && steps[0].contains(index), "{steps:?}");
    }
}
