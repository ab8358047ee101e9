//! A census costs what is open and never what there ever was: each of its reads goes along an index.

use sqlx::{AssertSqlSafe, Row};
use tempfile::TempDir;

use super::archive::journal;

/// The statements of the census, as they are written.
fn statements() -> Vec<String> {
    let code = include_str!("../../../src/store/sql/census.rs");
    let texts = code.split("const READ: &str = \"").skip(1).map(|rest| rest.split("\";").next().unwrap());
    texts.map(|text| text.split("\\\n").map(str::trim_start).collect()).collect()
}

#[tokio::test]
async fn every_read_of_a_census_goes_along_an_index() {
    let folder = TempDir::new().unwrap();
    let mut on = journal(&folder).await;
    let statements = statements();
    assert_eq!(statements.len(), 7, "{statements:?}");
    for statement in statements {
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let rows = sqlx::query(explain).fetch_all(&mut on).await.unwrap();
        let steps: Vec<String> = rows.iter().map(|step| step.get("detail")).collect();
        // What was read along an index is grouped afterwards, under a name of its own.
        let tables = ["settlement", "settlement_standing", "settlement_intent", "quote_confirmation", "trade", "errand"];
        let reads = steps.iter().filter(|step| tables.contains(&step.split(' ').nth(1).unwrap_or_default()));
        let reads: Vec<_> = reads.collect();
        assert!(!reads.is_empty() && reads.iter().all(|step| step.contains(" USING ")), "{statement}: {steps:?}");
    }
}
