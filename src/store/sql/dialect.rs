//! The statements that differ between databases, and nothing else.

/// One database's own statements.
pub(in crate::store) struct Dialect {
    /// Finds the settlement whose turn it is, without the enterprises of the JSON list `$1`; `$2` decides what is due and
    /// `$3` what has lapsed. What the venue has already and is only looked at comes after what is under way.
    pub(super) first_due: &'static str,
    /// Finds the errand that has been due longest; `$1` decides what is due and `$2` what has lapsed.
    pub(super) first_errand: &'static str,
    /// Leases at most `$4` followed settlements of the enterprise `$1` that fall due by `$2`, until `$3`; only such that nobody
    /// holds and nobody stopped in.
    pub(super) take_followed: &'static str,
    /// When the next one falls due, without the enterprises of the JSON list `$1`.
    pub(super) next_due: &'static str,
    /// What is recorded of the external ids in the JSON list `$2`, for the enterprise `$1`.
    pub(super) recorded_among: &'static str,
    /// Reads the signing journal's head and keeps others from moving it, so that places rise by commit.
    pub(super) take_head: &'static str,
    /// Reads where the audit chain ends and holds that row until the commit; nothing where somebody else holds it.
    pub(super) hold_audit_head: &'static str,
    /// Gives audit records their places in the chain: `$1` is a JSON list of id, position and hash, as hexadecimal digits.
    pub(super) link_audit: &'static str,
    /// Those of the references in the JSON list `$1` under which a signature was made.
    pub(super) signed_among: &'static str,
    /// Makes recordings of one caller (`$1`) wait for each other; nothing where all writes do so anyway.
    pub(super) lock_caller: Option<&'static str>,
    /// Makes recordings of one enterprise (`$1`) wait for each other; nothing where all writes do so anyway.
    pub(super) lock_enterprise: Option<&'static str>,
    /// Notes what a settlement moves: `$4` is a JSON list of currency and amount.
    pub(super) insert_spend: &'static str,
    /// Lists settlements, in the states of the JSON list `$5` where it is not null.
    pub(super) list: &'static str,
    /// Reads an enterprise's (`$1`) changes after place `$2` and up to `$3`, in the states of the JSON list `$4` where it is
    /// not null.
    pub(super) events: &'static str,
    /// The same of one settlement (`$1`).
    pub(super) events_of_one: &'static str,
}

/// Idle settlements that fall due, without the enterprises in a list: `$followed` is the kind, as the index has it.
macro_rules! idle {
    ($list:literal, $followed:literal, $kind:literal) => {
        concat!(
            "FROM settlement WHERE terminal = 0 AND lease_until IS NULL AND due_at IS NOT NULL \
             AND enterprise_id NOT IN (SELECT value FROM ",
            $list,
            ") AND ",
            $followed,
            " = ",
            $kind
        )
    };
}

/// Held settlements, whose leases end, without the enterprises in a list.
macro_rules! held {
    ($list:literal) => {
        concat!(
            "FROM settlement WHERE terminal = 0 AND lease_until IS NOT NULL \
             AND enterprise_id NOT IN (SELECT value FROM ",
            $list,
            ")"
        )
    };
}

macro_rules! first_due {
    ($list:literal, $followed:literal, $lock:literal) => {
        concat!(
            "SELECT id FROM (SELECT * FROM (SELECT 0 AS followed, due_at AS due, id ",
            idle!($list, $followed, "0"),
            " AND due_at <= $2 ORDER BY due_at, id LIMIT 1 ",
            $lock,
            ") AS under_way UNION ALL SELECT * FROM (SELECT 1 AS followed, due_at AS due, id ",
            idle!($list, $followed, "1"),
            " AND due_at <= $2 ORDER BY due_at, id LIMIT 1 ",
            $lock,
            ") AS looked_at UNION ALL SELECT * FROM (SELECT ",
            $followed,
            " AS followed, lease_until AS due, id ",
            held!($list),
            " AND lease_until <= $3 ORDER BY followed, lease_until, id LIMIT 1 ",
            $lock,
            ") AS lapsed) AS first ORDER BY followed, due, id LIMIT 1"
        )
    };
}

macro_rules! take_followed {
    ($followed:literal, $lock:literal) => {
        concat!(
            "WITH followed AS MATERIALIZED (SELECT id FROM settlement WHERE terminal = 0 AND lease_until IS NULL \
             AND enterprise_id = $1 AND due_at <= $2 AND lapses = 0 AND ",
            $followed,
            " = 1 ORDER BY due_at, id LIMIT $4 ",
            $lock,
            ") UPDATE settlement SET lease_token = lease_token + 1, lease_until = $3 \
             WHERE id IN (SELECT id FROM followed) RETURNING lease_token, lapses, ",
            super::rows::settlement_columns!()
        )
    };
}

macro_rules! next_due {
    ($list:literal, $followed:literal) => {
        concat!(
            "SELECT MIN(due) AS due FROM (SELECT * FROM (SELECT due_at AS due ",
            idle!($list, $followed, "0"),
            " ORDER BY due_at LIMIT 1) AS under_way UNION ALL SELECT * FROM (SELECT due_at AS due ",
            idle!($list, $followed, "1"),
            " ORDER BY due_at LIMIT 1) AS looked_at UNION ALL SELECT * FROM (SELECT lease_until AS due ",
            held!($list),
            " ORDER BY lease_until LIMIT 1) AS leased) AS next"
        )
    };
}

macro_rules! first_errand {
    ($lock:literal) => {
        concat!(
            "SELECT kind, subject FROM errand WHERE kind IN ",
            super::errands::known_kinds!(),
            " AND ((lease_until IS NULL AND due_at <= $1) OR lease_until <= $2) ORDER BY due_at, kind, subject LIMIT 1 ",
            $lock
        )
    };
}

macro_rules! insert_spend {
    ($entries:literal) => {
        concat!(
            "INSERT INTO spend (settlement_id, caller, currency, amount, at) \
             SELECT $1, $2, value ->> 0, value ->> 1, $3 FROM ",
            $entries
        )
    };
}

macro_rules! list {
    ($entries:literal) => {
        concat!(
            "SELECT ",
            super::rows::settlement_columns!(),
            " FROM settlement WHERE enterprise_id = $1 AND id < $2 AND created_at >= $3 AND created_at < $4 \
             AND ($5 IS NULL OR state IN (SELECT value FROM ",
            $entries,
            ")) ORDER BY id DESC LIMIT $6"
        )
    };
}

macro_rules! events {
    ($whose:literal, $entries:literal) => {
        concat!(
            "SELECT e.place, e.enterprise_id, s.external_id, e.settlement_id, e.sequence, e.change, e.state, e.outcome, \
             e.next_action, e.reason, e.detail, e.attempts, e.venue, e.at \
             FROM settlement_event AS e JOIN settlement AS s ON s.id = e.settlement_id WHERE ",
            $whose,
            " = $1 AND e.place > $2 AND e.place <= $3 AND ($4 IS NULL OR e.state IN (SELECT value FROM ",
            $entries,
            ")) ORDER BY e.place LIMIT $5"
        )
    };
}

macro_rules! recorded_among {
    ($list:literal) => {
        concat!(
            "SELECT external_id, attempts + exposed AS attempts, venue_settlement_id FROM settlement \
             WHERE enterprise_id = $1 AND external_id IN (SELECT value FROM ",
            $list,
            ") UNION ALL SELECT external_id, CAST(1 AS BIGINT) AS attempts, settlement_id AS venue_settlement_id \
             FROM adopted_settlement WHERE enterprise_id = $1 AND external_id IN (SELECT value FROM ",
            $list,
            ")"
        )
    };
}

macro_rules! link_audit {
    ($id:literal, $position:literal, $hash:literal, $links:literal) => {
        concat!(
            "UPDATE audit_record SET position = link.position, hash = link.hash FROM (SELECT ",
            $id,
            " AS id, ",
            $position,
            " AS position, ",
            $hash,
            " AS hash FROM ",
            $links,
            ") AS link WHERE audit_record.id = link.id AND audit_record.position IS NULL"
        )
    };
}

macro_rules! signed_among {
    ($list:literal) => {
        concat!(
            "SELECT reference FROM signing_reservation WHERE signature IS NOT NULL AND reference IN (SELECT value FROM ",
            $list,
            ")"
        )
    };
}

/// SQLite: one connection writes, so that nothing needs a lock of its own.
pub(in crate::store) const SQLITE: Dialect = Dialect {
    first_errand: first_errand!(""),
    first_due: first_due!("json_each($1)", "(state IN ('PENDING', 'AWAITING_FUNDS', 'COMPLETED'))", ""),
    next_due: next_due!("json_each($1)", "(state IN ('PENDING', 'AWAITING_FUNDS', 'COMPLETED'))"),
    take_followed: take_followed!("(state IN ('PENDING', 'AWAITING_FUNDS', 'COMPLETED'))", ""),
    recorded_among: recorded_among!("json_each($2)"),
    take_head: "SELECT journal_id, epoch, sequence, link FROM signing_head WHERE only_row = 1",
    hold_audit_head: "SELECT position, hash FROM audit_head WHERE only_row = 1",
    link_audit: link_audit!("unhex(value ->> 0)", "value ->> 1", "unhex(value ->> 2)", "json_each($1)"),
    signed_among: signed_among!("json_each($1)"),
    lock_caller: None,
    lock_enterprise: None,
    insert_spend: insert_spend!("json_each($4)"),
    list: list!("json_each($5)"),
    events: events!("e.enterprise_id", "json_each($4)"),
    events_of_one: events!("e.settlement_id", "json_each($4)"),
};

/// PostgreSQL and what speaks its language.
pub(in crate::store) const POSTGRES: Dialect = Dialect {
    first_due: first_due!(
        "json_array_elements_text(CAST($1 AS JSON))",
        "(CASE WHEN state IN ('PENDING', 'AWAITING_FUNDS', 'COMPLETED') THEN 1 ELSE 0 END)",
        "FOR UPDATE SKIP LOCKED"
    ),
    first_errand: first_errand!("FOR UPDATE SKIP LOCKED"),
    next_due: next_due!(
        "json_array_elements_text(CAST($1 AS JSON))",
        "(CASE WHEN state IN ('PENDING', 'AWAITING_FUNDS', 'COMPLETED') THEN 1 ELSE 0 END)"
    ),
    take_followed: take_followed!(
        "(CASE WHEN state IN ('PENDING', 'AWAITING_FUNDS', 'COMPLETED') THEN 1 ELSE 0 END)",
        "FOR UPDATE SKIP LOCKED"
    ),
    recorded_among: recorded_among!("json_array_elements_text(CAST($2 AS JSON))"),
    take_head: "SELECT journal_id, epoch, sequence, link FROM signing_head WHERE only_row = 1 FOR UPDATE",
    hold_audit_head: "SELECT position, hash FROM audit_head WHERE only_row = 1 FOR UPDATE SKIP LOCKED",
    link_audit: link_audit!(
        "CAST(value ->> 0 AS UUID)",
        "CAST(value ->> 1 AS BIGINT)",
        "decode(value ->> 2, 'hex')",
        "json_array_elements(CAST($1 AS JSON))"
    ),
    signed_among: signed_among!("json_array_elements_text(CAST($1 AS JSON))"),
    lock_caller: Some("INSERT INTO spend_lock (caller) VALUES ($1) ON CONFLICT (caller) DO UPDATE SET caller = excluded.caller"),
    lock_enterprise: Some(
        "INSERT INTO enterprise_lock (enterprise_id) VALUES ($1) \
         ON CONFLICT (enterprise_id) DO UPDATE SET enterprise_id = excluded.enterprise_id",
    ),
    insert_spend: insert_spend!("json_array_elements(CAST($4 AS JSON))"),
    list: list!("json_array_elements_text(CAST($5 AS JSON))"),
    events: events!("e.enterprise_id", "json_array_elements_text(CAST($4 AS JSON))"),
    events_of_one: events!("e.settlement_id", "json_array_elements_text(CAST($4 AS JSON))"),
};
