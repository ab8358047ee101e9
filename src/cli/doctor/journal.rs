//! The journal, its anchor and its audit chain. Everything is read, nothing is migrated, no lock is taken.

use jiff::{SignedDuration, Timestamp};

use super::check::{Check, Topic};
use crate::app::{AppError, journal_durability, journal_schema, open_anchor, open_journal_to_read};
use crate::causes::with_causes;
use crate::config::{Config, ProcessEnvironment, StoreLocation};
use crate::domain::anchor::{Adrift, Standing};
use crate::domain::audit::{AuditHead, ChainLink, Verified, Verifier};
use crate::service::{Diagnosis, DiagnosisError, diagnose};
use crate::store::postgres::ServerDurability;
use crate::store::{AnchorError, AuditLag, SchemaStatus, Store, StoreError};

/// How many of the newest audit records are verified; `audit verify` verifies all.
const NEWEST_RECORDS: u32 = 200;
/// How long a record may wait to be chained before somebody should look.
const MAX_LAG: SignedDuration = SignedDuration::from_secs(60);

pub(super) async fn look(config: &Config) -> Vec<Check> {
    let subject = subject(&config.store);
    if let StoreLocation::Sqlite(database) = &config.store
        && matches!(database.try_exists(), Ok(false))
    {
        return vec![missing(&subject), unbegun(config).await];
    }
    let mut checks = vec![store(&subject, journal_schema(&config.store, &ProcessEnvironment).await)];
    checks.push(durability(&subject, journal_durability(&config.store, &ProcessEnvironment).await));
    match open_journal_to_read(&config.store, &ProcessEnvironment).await {
        Ok(journal) => {
            checks.push(anchor(config, journal.as_ref()).await);
            checks.push(audit(&subject, newest(journal.as_ref()).await, Timestamp::now()));
            // What was read is all that was wanted; a close that fails changes nothing of it.
            let _ = journal.close().await;
        }
        Err(error) => checks.extend(
            [Topic::Anchor, Topic::AuditChain]
                .map(|topic| Check::skipped(topic, &*subject, format!("the journal cannot be read: {}", with_causes(&error)))),
        ),
    }
    checks
}

fn subject(location: &StoreLocation) -> String {
    match location {
        StoreLocation::Sqlite(path) => path.display().to_string(),
        StoreLocation::Postgres { .. } => "PostgreSQL".to_owned(),
    }
}

fn missing(subject: &str) -> Check {
    Check::warning(Topic::Store, subject, "there is no journal yet")
        .hint("serve makes it; where there should be one, store.url or a mount is wrong: do not start before it is found")
}

/// A journal that is gone while its anchor knows of one was lost, and a new one must not take its place unasked.
async fn unbegun(config: &Config) -> Check {
    let read = match open_anchor(&config.anchor.location, &ProcessEnvironment) {
        Ok(anchor) => anchor.read().await,
        Err(error) => return Check::failed(Topic::Anchor, "the anchor", with_causes(&error)),
    };
    match read {
        Ok(None) => Check::ok(Topic::Anchor, "the anchor", "it was not begun either"),
        Ok(Some(mark)) => Check::failed(
            Topic::Anchor,
            "the anchor",
            format!("it knows of a journal with {} signatures and dispatches, and there is none", mark.head.sequence),
        )
        .hint("find the journal, or restore it: docs/recovery.md"),
        Err(error) => unanchored(&error),
    }
}

fn store(subject: &str, schema: Result<SchemaStatus, AppError>) -> Check {
    let check = |status: SchemaStatus| {
        let SchemaStatus { found, needed, known } = status;
        if needed > known {
            Check::failed(
                Topic::Store,
                subject,
                format!("its schema is for versions that know schema {needed}; this one knows {known}"),
            )
            .hint("run a newer version: docs/upgrading.md")
        } else if found < known {
            Check::warning(Topic::Store, subject, format!("reachable; its schema is {found}, and this version's is {known}"))
                .hint("serve brings it up to date, or settlement-gateway migrate up")
        } else {
            Check::ok(Topic::Store, subject, format!("reachable; schema {found}"))
        }
    };
    schema.map_or_else(|error| unreachable(Topic::Store, subject, &error), check)
}

fn durability(subject: &str, asked: Result<Option<ServerDurability>, AppError>) -> Check {
    let told = |setting: Option<String>| setting.unwrap_or_else(|| "as it always is".to_owned());
    match asked {
        Ok(None) => Check::ok(Topic::Durability, subject, "every commit waits for the disk (synchronous=FULL)"),
        Ok(Some(server)) => {
            let commit = told(server.synchronous_commit);
            let finding = format!("synchronous_commit {commit}, fsync {}; {}", told(server.fsync), server.version);
            Check::ok(Topic::Durability, subject, finding)
        }
        Err(error) => unreachable(Topic::Durability, subject, &error),
    }
}

fn unreachable(topic: Topic, subject: &str, error: &AppError) -> Check {
    Check::failed(topic, subject, with_causes(error)).hint("[store] names it; without its journal the gateway does nothing")
}

/// How the journal stands to its anchor.
async fn anchor(config: &Config, journal: &dyn Store) -> Check {
    let anchor = match open_anchor(&config.anchor.location, &ProcessEnvironment) {
        Ok(anchor) => anchor,
        Err(error) => return Check::failed(Topic::Anchor, "the anchor", with_causes(&error)),
    };
    match diagnose(journal, anchor.as_ref()).await {
        Ok(Diagnosis { head, verdict, .. }) => anchored(verdict, head.sequence),
        Err(DiagnosisError::Anchor(error)) => unanchored(&error),
        Err(error) => Check::failed(Topic::Anchor, "the anchor", with_causes(&error)),
    }
}

fn unanchored(error: &AnchorError) -> Check {
    let hint = "[anchor] names it; while it cannot be read and written, nothing that is signed leaves";
    Check::failed(Topic::Anchor, "the anchor", with_causes(error)).hint(hint)
}

fn anchored(standing: Result<Standing, Adrift>, links: u64) -> Check {
    match standing {
        Ok(Standing::Anchored) => {
            Check::ok(Topic::Anchor, "the anchor", format!("agrees with the journal, which ends with link {links}"))
        }
        Ok(Standing::New) => Check::ok(Topic::Anchor, "the anchor", "it is begun at the first start"),
        Err(adrift) => Check::failed(Topic::Anchor, "the anchor", format!("{}: {adrift}", adrift.as_str()))
            .hint("nothing is signed or sent: look whether this is the right database, then docs/recovery.md"),
    }
}

/// The end of the audit chain.
struct Newest {
    verified: Verified,
    lag: AuditLag,
}

/// Verifies the newest records against each other and against the stored head.
async fn newest(journal: &dyn Store) -> Result<Newest, StoreError> {
    let head = journal.audit_head().await?;
    let after = head.position.saturating_sub(u64::from(NEWEST_RECORDS));
    let before = match after {
        0 => Some(AuditHead::EMPTY),
        _ => match journal.audit_chain(after - 1, 1).await?.pop() {
            Some(ChainLink::Record(record)) => Some(AuditHead { position: record.position, hash: record.hash }),
            Some(ChainLink::Unreadable { .. }) | None => None,
        },
    };
    let mut verifier = Verifier::new(before.unwrap_or(AuditHead { position: after, hash: [0; 32] }), vec![head]);
    for link in journal.audit_chain(after, NEWEST_RECORDS).await? {
        verifier.take(&link);
    }
    Ok(Newest { verified: verifier.finish(), lag: journal.audit_lag().await? })
}

fn audit(subject: &str, newest: Result<Newest, StoreError>, now: Timestamp) -> Check {
    let Newest { verified, lag } = match newest {
        Ok(newest) => newest,
        Err(error) => return Check::failed(Topic::AuditChain, subject, with_causes(&error)),
    };
    if let Some(fault) = verified.faults.first() {
        return Check::failed(Topic::AuditChain, subject, format!("{fault} ({} faults)", verified.fault_count))
            .hint("somebody has changed the database: settlement-gateway audit verify names everything that does not fit");
    }
    let waits = lag.oldest.map_or(SignedDuration::ZERO, |oldest| now.duration_since(oldest));
    if waits > MAX_LAG {
        return Check::warning(
            Topic::AuditChain,
            subject,
            format!("{} records wait, the oldest for {} s", lag.waiting, waits.as_secs()),
        )
        .hint("a running gateway chains them within seconds: is one running?");
    }
    let head = verified.head.position;
    Check::ok(Topic::AuditChain, subject, format!("ends at {head}; the newest {} records fit", verified.records))
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;
    use crate::domain::audit::AuditFault;

    #[test]
    fn a_schema_is_judged_by_what_this_version_knows() {
        let verdict = |found, needed| store("j", Ok(SchemaStatus { found, needed, known: 3 })).verdict;
        assert_eq!(verdict(3, 2), Verdict::Ok);
        assert_eq!(verdict(4, 3), Verdict::Ok);
        assert_eq!(verdict(2, 2), Verdict::Warning);
        assert_eq!(verdict(0, 0), Verdict::Warning);
        assert_eq!(verdict(4, 4), Verdict::Failed);
    }

    #[test]
    fn a_journal_that_forgot_signatures_has_failed() {
        assert_eq!(anchored(Ok(Standing::Anchored), 7).verdict, Verdict::Ok);
        assert_eq!(anchored(Ok(Standing::New), 0).verdict, Verdict::Ok);
        let behind = anchored(Err(Adrift::Behind { journal: 3, anchor: 7 }), 3);
        assert_eq!(behind.verdict, Verdict::Failed);
        assert!(behind.finding.starts_with("BEHIND"), "{}", behind.finding);
    }

    #[test]
    fn a_chain_that_does_not_fit_has_failed_and_one_that_nobody_carries_on_is_a_warning() {
        let now: Timestamp = "2026-03-18T12:00:00Z".parse().unwrap();
        let found = |faults: Vec<AuditFault>, oldest: Option<Timestamp>| {
            let verified = Verified { head: AuditHead::EMPTY, records: 0, fault_count: faults.len() as u64, faults };
            audit("j", Ok(Newest { verified, lag: AuditLag { waiting: 2, oldest } }), now).verdict
        };
        assert_eq!(found(Vec::new(), None), Verdict::Ok);
        assert_eq!(found(Vec::new(), Some(now - SignedDuration::from_secs(59))), Verdict::Ok);
        assert_eq!(found(Vec::new(), Some(now - SignedDuration::from_secs(61))), Verdict::Warning);
        assert_eq!(found(vec![AuditFault::Unreadable { position: 4 }], None), Verdict::Failed);
    }
}
