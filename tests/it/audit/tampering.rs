//! Whoever owns the database alters records or lines behind the gateway's back: the verifier names which.

use settlement_gateway::domain::audit::AuditHead;

use super::ground::{Ground, faults};

/// What is done, and what must be said of it.
struct Case {
    statements: &'static [&'static str],
    said: &'static [&'static str],
}

/// Records 1 to 3 are of a settlement, 4 is a reservation and 5 its signature.
const CASES: &[Case] = &[
    Case {
        statements: &["UPDATE audit_record SET content = replace(content, 'PREPARED', 'PREPARES') WHERE position = 2"],
        said: &["record 2 (", "is not the one that was chained there", " 2 is not what record "],
    },
    Case {
        statements: &["UPDATE audit_record SET at = replace(at, '2026', '2025') WHERE position = 5"],
        said: &["record 5 (", "is not what record "],
    },
    Case {
        statements: &["UPDATE audit_record SET subject = 'settlement 0 2' WHERE position = 2"],
        said: &["record 2 (", "is of settlement 0 2, which the journal does not have", "has no record of kind CHANGE"],
    },
    Case { statements: &["UPDATE audit_record SET kind = 'REFUSAL' WHERE position = 5"], said: &["record 5 (", "SIGNATURE"] },
    Case {
        statements: &["DELETE FROM audit_record WHERE position = 2"],
        said: &["record 2 is missing", " 2 has no record of kind CHANGE"],
    },
    Case {
        statements: &["DELETE FROM audit_record WHERE position IN (2, 3)"],
        said: &["records 2 to 3 are missing", " 3 has no record of kind CHANGE"],
    },
    Case {
        statements: &[
            "UPDATE audit_record SET position = 99 WHERE position = 2",
            "UPDATE audit_record SET position = 2 WHERE position = 3",
            "UPDATE audit_record SET position = 3 WHERE position = 99",
        ],
        said: &["record 2 (", "record 3 ("],
    },
    Case {
        statements: &["DELETE FROM audit_record WHERE position = 5"],
        said: &["the chain ends at 4 and is cut", "has no record of kind SIGNATURE"],
    },
    Case {
        statements: &["UPDATE audit_record SET position = NULL, hash = NULL WHERE position = 5"],
        said: &["the chain ends at 4 and is cut"],
    },
    Case {
        statements: &["UPDATE audit_head SET position = 4, hash = (SELECT hash FROM audit_record WHERE position = 4)"],
        said: &["the chain ends at 5 and its stored head is 4:"],
    },
    Case {
        statements: &["UPDATE audit_head SET hash = (SELECT hash FROM audit_record WHERE position = 4)"],
        said: &["the chain is another one: at 5"],
    },
    Case {
        statements: &["UPDATE settlement_event SET state = 'COMPLETED' WHERE sequence = 2"],
        said: &["the journal's settlement ", " 2 is not what record "],
    },
    Case {
        statements: &["UPDATE settlement_event SET state = 'UNHEARD' WHERE sequence = 2"],
        said: &["the journal's settlement ", " 2 cannot be read"],
    },
    Case {
        statements: &["UPDATE settlement_event SET at = replace(at, '2026', '2025') WHERE sequence = 3"],
        said: &[" 3 is not what record "],
    },
    Case { statements: &["DELETE FROM settlement_event WHERE sequence = 3"], said: &[" 3, which the journal does not have"] },
    Case {
        statements: &["INSERT INTO settlement_event (settlement_id, sequence, enterprise_id, place, change, state, outcome, \
                       next_action, attempts, at) SELECT settlement_id, 4, enterprise_id, 4, change, state, outcome, next_action, \
                       attempts, at FROM settlement_event WHERE sequence = 3"],
        said: &[" 4 has no record of kind CHANGE"],
    },
    Case { statements: &["UPDATE settlement SET key_id = 'key-2'"], said: &[" 1 is not what record "] },
    Case { statements: &["UPDATE settlement SET caller = 'somebody else'"], said: &[" 1 is not what record "] },
    Case {
        statements: &["UPDATE settlement_material SET body = (SELECT hash FROM audit_head)"],
        said: &["the journal's settlement ", " 3 cannot be read"],
    },
    Case {
        statements: &["UPDATE settlement_material SET body = x'00', \
                       body_digest = x'6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'"],
        said: &[" 3 is not what record "],
    },
    Case {
        statements: &["UPDATE signing_reservation SET digest = (SELECT hash FROM audit_head)"],
        said: &["the journal's reference settlement ", "is not what record "],
    },
    Case {
        statements: &["UPDATE signing_reservation SET signature = NULL, signed_at = NULL, journal_sequence = NULL"],
        said: &["is of reference settlement ", "which the journal does not have"],
    },
    Case {
        statements: &["DELETE FROM signing_reservation"],
        said: &["is of reference settlement ", "which the journal does not have"],
    },
    Case {
        statements: &["INSERT INTO signing_reservation (reference, key_id, purpose, digest, reserved_at) \
                       SELECT 'raw 1:k', 'k', 'raw', digest, reserved_at FROM signing_reservation"],
        said: &["the journal's reference raw 1:k has no record of kind RESERVATION"],
    },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_altered_dropped_exchanged_or_added_is_named() {
    for case in CASES {
        Ground::on_each(|ground| async move {
            ground.fill().await;
            assert!(ground.check(Vec::new()).await.is_whole());
            ground.behind(case.statements).await;
            let report = ground.check(Vec::new()).await;
            let told = faults(&report).join("\n");
            assert!(!report.is_whole(), "{:?}", case.statements);
            for said in case.said {
                assert!(told.contains(said), "{:?}: no {said:?} in\n{told}", case.statements);
            }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_byte_that_makes_a_text_unreadable_is_named_too() {
    Ground::on_each(|ground| async move {
        if !ground.is_sqlite() {
            // PostgreSQL takes no such text.
            return;
        }
        ground.fill().await;
        ground.behind(&["UPDATE audit_record SET content = CAST(x'7bff7d' AS TEXT) WHERE position = 2"]).await;
        let told = faults(&ground.check(Vec::new()).await).join("\n");
        assert!(told.contains("record 2 cannot be read"), "{told}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_was_cut_together_with_its_records_and_its_head_is_named_by_a_head_that_was_kept() {
    const CUT: &[&str] = &[
        "DELETE FROM signing_reservation",
        "UPDATE audit_head SET position = 3, hash = (SELECT hash FROM audit_record WHERE position = 3)",
        "DELETE FROM audit_record WHERE position > 3",
    ];
    Ground::on_each(|ground| async move {
        ground.fill().await;
        let kept = ground.store.audit_head().await.unwrap();
        ground.behind(CUT).await;
        assert!(ground.check(Vec::new()).await.is_whole(), "nothing in the database tells");
        let told = faults(&ground.check(vec![kept]).await);
        assert_eq!(told, [format!("the chain ends at 3 and is cut: it once came to {}", kept.to_text())]);
        let other = AuditHead { position: 2, hash: [1; 32] };
        assert_eq!(faults(&ground.check(vec![other]).await).len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_altered_before_it_is_chained_differs_from_its_line_but_not_from_itself() {
    Ground::on_each(|ground| async move {
        crate::conformance::signed(ground.store.as_ref()).await;
        ground.behind(&["UPDATE audit_record SET content = replace(content, 'PREPARED', 'PREPARES')"]).await;
        ground.store.chain_audit(100).await.unwrap();
        let report = ground.check(Vec::new()).await;
        assert_eq!((report.chain.fault_count, report.journal_fault_count), (0, 1), "{:?}", faults(&report));
    })
    .await;
}

/// What is done by hand, chained behind what a gateway did: an adoption is record 6, a repair record 7.
const BY_HAND: &[Case] = &[
    Case {
        statements: &["DELETE FROM audit_record WHERE kind = 'ADOPTION'"],
        said: &["record 6 is missing", "has no record of kind ADOPTION"],
    },
    Case {
        statements: &["UPDATE adopted_settlement SET venue = replace(venue, 'venue-lost', 'venue-other')"],
        said: &["the journal's adopted ", "is not what record "],
    },
    Case { statements: &["DELETE FROM adopted_settlement"], said: &["is of adopted ", "which the journal does not have"] },
    Case {
        statements: &["DELETE FROM audit_record WHERE kind = 'REPAIR'"],
        said: &["is cut", "the journal's epoch 2 has no record of kind REPAIR"],
    },
    Case { statements: &["UPDATE signing_head SET epoch = 1"], said: &["is of epoch 2, which the journal does not have"] },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adoption_or_a_repair_that_is_altered_or_dropped_is_named() {
    for case in BY_HAND {
        Ground::on_each(|ground| async move {
            ground.fill().await;
            ground.repair().await;
            let report = ground.check(Vec::new()).await;
            assert!(report.is_whole(), "{:?}", faults(&report));
            ground.behind(case.statements).await;
            let told = faults(&ground.check(Vec::new()).await).join("\n");
            for said in case.said {
                assert!(told.contains(said), "{:?}: no {said:?} in\n{told}", case.statements);
            }
        })
        .await;
    }
}
