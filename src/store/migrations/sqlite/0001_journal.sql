-- The journal's first schema.
--
-- Instants are text of fixed width in UTC with nine digits after the point, so
-- that the order of the texts is the order of time and nothing is rounded.
-- Amounts are decimal text. Names of states, reasons and changes are the
-- domain's. The triggers refuse what no version of the gateway may ever do.

-- One row: which schema this is, and the oldest schema that a binary must know to use it.
CREATE TABLE gateway_meta (
    only_row              INTEGER PRIMARY KEY CHECK (only_row = 1),
    schema_version        INTEGER NOT NULL,
    oldest_binary_schema  INTEGER NOT NULL
);
INSERT INTO gateway_meta (only_row, schema_version, oldest_binary_schema) VALUES (1, 1, 1);

-- A settlement without its large texts: its header, which never changes, its progress, and who works on it.
-- A terminal one needs no more work: a completed one only once it is reconciled.
CREATE TABLE settlement (
    id                   BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    enterprise_id        TEXT NOT NULL,
    external_id          TEXT NOT NULL,
    cutoff               TEXT,
    notes                TEXT,
    supersedes           TEXT,
    nonce                TEXT NOT NULL,
    route                TEXT NOT NULL,
    amount_unit          TEXT NOT NULL,
    key_id               TEXT NOT NULL,
    caller               TEXT NOT NULL,
    submit_before        TEXT,
    request_digest       BLOB NOT NULL CHECK (length(request_digest) = 32),
    leg_count            INTEGER NOT NULL,
    amounts_digest       BLOB NOT NULL CHECK (length(amounts_digest) = 32),
    created_at           TEXT NOT NULL,

    state                TEXT NOT NULL,
    terminal             INTEGER NOT NULL CHECK (terminal IN (0, 1)),
    sequence             INTEGER NOT NULL,
    attempts             INTEGER NOT NULL,
    exposed              INTEGER NOT NULL CHECK (exposed IN (0, 1)),
    doubt                TEXT,
    reason               TEXT,
    detail               TEXT,
    payload_digest       BLOB CHECK (length(payload_digest) = 32),
    signature            BLOB CHECK (length(signature) = 65),
    venue                TEXT,
    venue_settlement_id  TEXT,
    reconciled           TEXT,
    dispatched_at        TEXT,
    updated_at           TEXT NOT NULL,
    money                TEXT NOT NULL CHECK (money IN ('MAY_MOVE', 'MOVED', 'NEVER')),

    due_at               TEXT,
    lease_token          INTEGER NOT NULL DEFAULT 0,
    lease_until          TEXT,
    lapses               INTEGER NOT NULL DEFAULT 0,

    archived_in          TEXT,

    UNIQUE (enterprise_id, external_id)
);
CREATE UNIQUE INDEX settlement_superseded_once ON settlement (enterprise_id, supersedes) WHERE supersedes IS NOT NULL;
-- What a later settlement of the enterprise is held against; one that can never move money stands in nobody's way.
CREATE INDEX settlement_open ON settlement (enterprise_id, id) WHERE money = 'MAY_MOVE';
CREATE INDEX settlement_by_cutoff ON settlement (enterprise_id, cutoff DESC) WHERE money <> 'NEVER' AND cutoff IS NOT NULL;
CREATE INDEX settlement_by_amounts ON settlement (enterprise_id, amounts_digest, created_at DESC) WHERE money <> 'NEVER';
CREATE INDEX settlement_newest ON settlement (enterprise_id, id DESC);
CREATE INDEX settlement_at_venue ON settlement (enterprise_id, venue_settlement_id, id DESC)
    WHERE venue_settlement_id IS NOT NULL;
-- What is under way is taken before what the venue has already and is only looked at.
CREATE INDEX settlement_due ON settlement ((state IN ('PENDING', 'AWAITING_FUNDS', 'COMPLETED')), due_at, id, enterprise_id)
    WHERE terminal = 0 AND lease_until IS NULL AND due_at IS NOT NULL;
CREATE INDEX settlement_leased ON settlement (lease_until, id) WHERE lease_until IS NOT NULL;

-- What was asked and is not in the header. `legs` is a JSON list of [connection, counterparty or null, currency, amount]; `origin`
-- tells whoever follows a settlement which request it came from, and in which trace.
CREATE TABLE settlement_intent (
    settlement_id  BLOB PRIMARY KEY NOT NULL REFERENCES settlement (id),
    asked_nonce    TEXT,
    legs           TEXT NOT NULL,
    origin         TEXT CHECK (length(origin) <= 184)
);
CREATE TRIGGER settlement_intent_never_changes BEFORE UPDATE ON settlement_intent
BEGIN
    SELECT RAISE(ABORT, 'an intent never changes');
END;

-- How each settlement stands at the venue, as JSON. `sequence` is the settlement's as of the read behind it.
CREATE TABLE settlement_standing (
    settlement_id   BLOB PRIMARY KEY NOT NULL REFERENCES settlement (id),
    standing        TEXT NOT NULL,
    sequence        INTEGER NOT NULL,
    details_due_at  TEXT NOT NULL
);

-- Settlements that the venue has and that this gateway did not make, as they were first seen.
CREATE TABLE foreign_settlement (
    enterprise_id  TEXT NOT NULL,
    settlement_id  TEXT NOT NULL,
    venue          TEXT NOT NULL,
    origin         TEXT NOT NULL,
    found_at       TEXT NOT NULL,
    PRIMARY KEY (enterprise_id, settlement_id)
);
CREATE INDEX foreign_settlement_newest ON foreign_settlement (enterprise_id, found_at DESC, settlement_id DESC);

-- How far the search for them has come.
CREATE TABLE patrol (
    enterprise_id  TEXT PRIMARY KEY NOT NULL,
    began_at       TEXT NOT NULL,
    looked_at      TEXT NOT NULL
);

-- The large texts: the payload that is signed and the exact bytes that are sent. Both are held against their digests whenever they
-- are read; the payload's is the settlement's.
CREATE TABLE settlement_material (
    settlement_id  BLOB PRIMARY KEY NOT NULL REFERENCES settlement (id),
    payload        TEXT NOT NULL,
    body           BLOB,
    body_digest    BLOB CHECK (length(body_digest) = 32)
);
CREATE TRIGGER settlement_material_is_fixed BEFORE UPDATE ON settlement_material
WHEN NEW.payload IS NOT OLD.payload OR OLD.body IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'the payload and the body are fixed once they are stored');
END;

-- Every change of every settlement, with what it meant then; place counts the changes of the enterprise's settlements by commit.
-- `venue` is the venue's own word as JSON.
CREATE TABLE settlement_event (
    settlement_id  BLOB NOT NULL REFERENCES settlement (id),
    sequence       INTEGER NOT NULL,
    enterprise_id  TEXT NOT NULL,
    place          INTEGER NOT NULL,
    change         TEXT NOT NULL,
    state          TEXT NOT NULL,
    outcome        TEXT NOT NULL,
    next_action    TEXT NOT NULL,
    reason         TEXT,
    detail         TEXT,
    attempts       INTEGER NOT NULL,
    venue          TEXT,
    at             TEXT NOT NULL,
    PRIMARY KEY (settlement_id, sequence),
    UNIQUE (enterprise_id, place)
);

-- One row an enterprise: the last place that a change took.
CREATE TABLE settlement_event_head (
    enterprise_id  TEXT PRIMARY KEY NOT NULL,
    place          INTEGER NOT NULL
);

-- What each caller had recorded, for the limits of a rolling day.
CREATE TABLE spend (
    settlement_id  BLOB NOT NULL REFERENCES settlement (id),
    caller         TEXT NOT NULL,
    currency       TEXT NOT NULL,
    amount         TEXT NOT NULL,
    at             TEXT NOT NULL
);
CREATE INDEX spend_by_day ON spend (caller, currency, at, amount);

-- Which payload holds each signing reference, for ever, and its signature once there is one.
CREATE TABLE signing_reservation (
    reference         TEXT PRIMARY KEY NOT NULL,
    key_id            TEXT NOT NULL,
    purpose           TEXT NOT NULL,
    digest            BLOB NOT NULL CHECK (length(digest) = 32),
    reserved_at       TEXT NOT NULL,
    signature         BLOB CHECK (length(signature) = 65),
    journal_sequence  INTEGER UNIQUE,
    link              BLOB CHECK (length(link) = 32),
    signed_at         TEXT
);
CREATE TRIGGER signing_reservation_is_for_ever BEFORE DELETE ON signing_reservation
BEGIN
    SELECT RAISE(ABORT, 'a signing reservation is for ever');
END;
CREATE TRIGGER signing_reservation_is_fixed BEFORE UPDATE ON signing_reservation
WHEN NEW.reference IS NOT OLD.reference OR NEW.digest IS NOT OLD.digest OR OLD.signature IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'a signing reservation keeps its first payload and its first signature');
END;

-- Changes on whose strength something leaves the house, or never will, by the audit subject of each: links of one chain with the
-- signatures. What is drawn makes a change that was lost, and is made again, another link.
CREATE TABLE anchored_change (
    journal_sequence  INTEGER PRIMARY KEY,
    subject           TEXT NOT NULL UNIQUE,
    drawn             BLOB NOT NULL CHECK (length(drawn) = 16),
    link              BLOB NOT NULL CHECK (length(link) = 32)
);
CREATE TRIGGER anchored_change_is_for_ever BEFORE DELETE ON anchored_change
BEGIN
    SELECT RAISE(ABORT, 'an anchored change is for ever');
END;
CREATE TRIGGER anchored_change_is_fixed BEFORE UPDATE ON anchored_change
BEGIN
    SELECT RAISE(ABORT, 'an anchored change is fixed');
END;

-- One row: which journal this is, and its newest link with its place; whoever signs or dispatches next holds it until the commit, so
-- that places rise by commit. The epoch counts how often the anchor outside the database was begun.
CREATE TABLE signing_head (
    only_row    INTEGER PRIMARY KEY CHECK (only_row = 1),
    journal_id  TEXT NOT NULL,
    epoch       INTEGER NOT NULL,
    sequence    INTEGER NOT NULL,
    link        BLOB NOT NULL CHECK (length(link) = 32)
);
INSERT INTO signing_head (only_row, journal_id, epoch, sequence, link) VALUES (1, lower(hex(randomblob(16))), 0, 0, zeroblob(32));
CREATE TRIGGER signing_head_never_falls_back BEFORE UPDATE ON signing_head
WHEN NEW.journal_id IS NOT OLD.journal_id OR NEW.epoch < OLD.epoch OR NEW.sequence < OLD.sequence
BEGIN
    SELECT RAISE(ABORT, 'the signing journal never falls back');
END;

-- Requests for quotes, so that a repeat is recognised; tx_id once the venue has answered.
CREATE TABLE quote_request (
    caller        TEXT NOT NULL,
    request_id    TEXT NOT NULL,
    merchant_id   TEXT NOT NULL,
    request       TEXT NOT NULL,
    requested_at  TEXT NOT NULL,
    tx_id         TEXT,
    PRIMARY KEY (caller, request_id)
);

-- Quotes as the venue last showed them.
CREATE TABLE quote (
    merchant_id   TEXT NOT NULL,
    tx_id         TEXT NOT NULL,
    caller        TEXT NOT NULL,
    request       TEXT NOT NULL,
    requested_at  TEXT NOT NULL,
    venue         TEXT NOT NULL,
    read_at       TEXT NOT NULL,
    sequence      INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (merchant_id, tx_id)
);
CREATE UNIQUE INDEX quote_by_tx_id ON quote (tx_id);

-- The one confirmation that a quote has: what was agreed to, and how far it has come.
CREATE TABLE quote_confirmation (
    merchant_id     TEXT NOT NULL,
    tx_id           TEXT NOT NULL,
    external_tx_id  TEXT NOT NULL,
    accept_partial  INTEGER NOT NULL CHECK (accept_partial IN (0, 1)),
    terms           TEXT NOT NULL,
    caller          TEXT NOT NULL,
    recorded_at     TEXT NOT NULL,
    state           TEXT NOT NULL,
    reason          TEXT,
    detail          TEXT,
    attempts        INTEGER NOT NULL,
    dispatched_at   TEXT,
    doubt           TEXT,
    resolution      TEXT,
    updated_at      TEXT NOT NULL,
    revision        INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, tx_id)
);
CREATE INDEX quote_confirmation_undecided ON quote_confirmation (state, recorded_at)
    WHERE state IN ('RECORDED', 'SENDING', 'UNKNOWN', 'NEEDS_OPERATOR');

-- Which quote has a payout's name; it changes hands only once that quote's confirmation under it is refused.
CREATE TABLE quote_payout (
    merchant_id     TEXT NOT NULL,
    external_tx_id  TEXT NOT NULL,
    tx_id           TEXT NOT NULL,
    PRIMARY KEY (merchant_id, external_tx_id)
);

-- Which quote a callback is about, by the SHA-256 of its token; the token itself is nowhere.
CREATE TABLE quote_callback (
    token_sha256  BLOB PRIMARY KEY NOT NULL CHECK (length(token_sha256) = 32),
    merchant_id   TEXT NOT NULL,
    tx_id         TEXT NOT NULL
);

-- Durable due work that is no settlement; the subject is the key of a record elsewhere. A row stays when its work is done
-- (due_at is null), so that its token never falls back. The origin is the request that it came from last, where one did.
CREATE TABLE errand (
    kind         TEXT NOT NULL,
    subject      TEXT NOT NULL,
    due_at       TEXT,
    again_at     TEXT,
    lease_token  INTEGER NOT NULL DEFAULT 0,
    lease_until  TEXT,
    lapses       INTEGER NOT NULL DEFAULT 0,
    origin       TEXT,
    PRIMARY KEY (kind, subject)
);
CREATE INDEX errand_due ON errand (due_at) WHERE lease_until IS NULL;
CREATE INDEX errand_leased ON errand (lease_until) WHERE lease_until IS NOT NULL;

-- What venues called to tell, as hints; `about` is JSON: whose settlements or which quote. What makes a delivery one in its
-- lane is a digest, so that no text of a stranger is a key. acted_at once something was done about it, and outcome says what.
CREATE TABLE delivery (
    id           BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    lane         TEXT NOT NULL,
    unique_key   BLOB NOT NULL CHECK (length(unique_key) = 32),
    about        TEXT NOT NULL,
    body         BLOB NOT NULL,
    received_at  TEXT NOT NULL,
    outcome      TEXT,
    acted_at     TEXT,
    UNIQUE (lane, unique_key)
);
CREATE INDEX delivery_waiting ON delivery (lane, id) WHERE acted_at IS NULL;
CREATE INDEX delivery_acted ON delivery (acted_at) WHERE acted_at IS NOT NULL;

-- Writes on BitGo Trade: what was asked (JSON), its payload and signature, and what the venue last showed of it (JSON).
CREATE TABLE trade (
    id                   BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    enterprise_id        TEXT NOT NULL,
    account_id           TEXT NOT NULL,
    request_id           TEXT NOT NULL,
    action               TEXT NOT NULL,
    asked                TEXT NOT NULL,
    key_id               TEXT NOT NULL,
    caller               TEXT NOT NULL,
    submit_before        TEXT NOT NULL,
    created_at           TEXT NOT NULL,

    state                TEXT NOT NULL,
    terminal             INTEGER NOT NULL CHECK (terminal IN (0, 1)),
    sequence             INTEGER NOT NULL,
    attempts             INTEGER NOT NULL,
    exposed              INTEGER NOT NULL CHECK (exposed IN (0, 1)),
    reason               TEXT,
    detail               TEXT,
    payload              TEXT,
    nonces               TEXT,
    signature            BLOB CHECK (length(signature) = 65),
    dispatched_at        TEXT,
    in_doubt_since       TEXT,
    shown                TEXT,
    venue_settlement_id  TEXT,
    resolution           TEXT,
    updated_at           TEXT NOT NULL,
    archived_in          TEXT,

    UNIQUE (enterprise_id, request_id)
);
-- A payload's nonces belong to one write of its account, unless that provably came to nothing.
CREATE UNIQUE INDEX trade_payload_once ON trade (enterprise_id, account_id, nonces)
    WHERE nonces IS NOT NULL AND state <> 'NOT_ACCEPTED';
CREATE INDEX trade_newest ON trade (enterprise_id, account_id, id DESC) WHERE action = 'CREATE';
CREATE INDEX trade_at_venue ON trade (enterprise_id, venue_settlement_id) WHERE venue_settlement_id IS NOT NULL;
CREATE INDEX trade_undecided ON trade (state, created_at)
    WHERE state IN ('RECEIVED', 'PREPARED', 'SIGNED', 'SUBMITTING', 'OUTCOME_UNKNOWN', 'NEEDS_OPERATOR');

-- Every change of every write.
CREATE TABLE trade_event (
    trade_id  BLOB NOT NULL REFERENCES trade (id),
    sequence  INTEGER NOT NULL,
    change    TEXT NOT NULL,
    state     TEXT NOT NULL,
    reason    TEXT,
    detail    TEXT,
    attempts  INTEGER NOT NULL,
    at        TEXT NOT NULL,
    PRIMARY KEY (trade_id, sequence)
);

-- The audit chain. A record is written by the transaction that does what it says, and stays for ever; being chained gives it
-- its position and the hash that binds it to all before it. `content` is canonical JSON, hashed as it is stored.
CREATE TABLE audit_record (
    id        BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    kind      TEXT NOT NULL,
    subject   TEXT NOT NULL,
    at        TEXT NOT NULL,
    content   TEXT NOT NULL,
    position  INTEGER UNIQUE,
    hash      BLOB CHECK (length(hash) = 32),
    CHECK ((position IS NULL) = (hash IS NULL))
);
-- What happens once is recorded once.
CREATE UNIQUE INDEX audit_record_once ON audit_record (kind, subject)
    WHERE kind IN ('CHANGE', 'RESOLUTION', 'RESERVATION', 'SIGNATURE', 'ADOPTION', 'REPAIR');
CREATE INDEX audit_record_waiting ON audit_record (id) WHERE position IS NULL;
CREATE TRIGGER audit_record_is_for_ever BEFORE DELETE ON audit_record
BEGIN
    SELECT RAISE(ABORT, 'an audit record is for ever');
END;
CREATE TRIGGER audit_record_is_fixed BEFORE UPDATE ON audit_record
WHEN OLD.position IS NOT NULL OR NEW.id IS NOT OLD.id OR NEW.kind IS NOT OLD.kind OR NEW.subject IS NOT OLD.subject
    OR NEW.at IS NOT OLD.at OR NEW.content IS NOT OLD.content
BEGIN
    SELECT RAISE(ABORT, 'an audit record is only ever chained, once');
END;

-- One row: the last record of the chain. Whoever chains holds it.
CREATE TABLE audit_head (
    only_row  INTEGER PRIMARY KEY CHECK (only_row = 1),
    position  INTEGER NOT NULL,
    hash      BLOB NOT NULL CHECK (length(hash) = 32)
);
INSERT INTO audit_head (only_row, position, hash) VALUES (1, 0, zeroblob(32));

-- The archive's files, as they were written before anything left for them. What is marked with one (archived_in) has left.
CREATE TABLE archive_file (
    name        TEXT PRIMARY KEY NOT NULL,
    kind        TEXT NOT NULL,
    day         TEXT NOT NULL,
    records     INTEGER NOT NULL,
    sha256      TEXT NOT NULL,
    written_at  TEXT NOT NULL
);
-- Up to which place changes of an enterprise's settlements may have left: who has not read so far would miss some.
CREATE TABLE settlement_event_archived (
    enterprise_id  TEXT PRIMARY KEY NOT NULL,
    place          INTEGER NOT NULL
);
-- What is finished and has not left, the oldest first, and what has left in which file.
CREATE INDEX settlement_finished ON settlement (updated_at, id) WHERE terminal = 1 AND archived_in IS NULL;
CREATE INDEX settlement_archived ON settlement (archived_in) WHERE archived_in IS NOT NULL;
CREATE INDEX trade_finished ON trade (updated_at, id) WHERE terminal = 1 AND archived_in IS NULL;
CREATE INDEX trade_archived ON trade (archived_in) WHERE archived_in IS NOT NULL;

CREATE TRIGGER settlement_is_for_ever BEFORE DELETE ON settlement
BEGIN
    SELECT RAISE(ABORT, 'an external id is taken for ever');
END;
CREATE TRIGGER settlement_rests_once_archived BEFORE UPDATE ON settlement
WHEN (OLD.archived_in IS NOT NULL AND (NEW.archived_in IS NOT OLD.archived_in OR NEW.sequence IS NOT OLD.sequence
    OR NEW.state IS NOT OLD.state OR NEW.terminal = 0)) OR (NEW.archived_in IS NOT NULL AND NEW.terminal = 0)
BEGIN
    SELECT RAISE(ABORT, 'only what is finished is archived, and it never changes again');
END;
CREATE TRIGGER settlement_intent_leaves_once_archived BEFORE DELETE ON settlement_intent
WHEN (SELECT archived_in FROM settlement WHERE id = OLD.settlement_id) IS NULL
BEGIN
    SELECT RAISE(ABORT, 'nothing leaves before it is archived');
END;
CREATE TRIGGER settlement_material_leaves_once_archived BEFORE DELETE ON settlement_material
WHEN (SELECT archived_in FROM settlement WHERE id = OLD.settlement_id) IS NULL
BEGIN
    SELECT RAISE(ABORT, 'nothing leaves before it is archived');
END;
CREATE TRIGGER settlement_event_leaves_once_archived BEFORE DELETE ON settlement_event
WHEN (SELECT archived_in FROM settlement WHERE id = OLD.settlement_id) IS NULL
BEGIN
    SELECT RAISE(ABORT, 'nothing leaves before it is archived');
END;
CREATE TRIGGER trade_event_leaves_once_archived BEFORE DELETE ON trade_event
WHEN (SELECT archived_in FROM trade WHERE id = OLD.trade_id) IS NULL
BEGIN
    SELECT RAISE(ABORT, 'nothing leaves before it is archived');
END;

-- Settlements at the venue that this journal does not hold, and whose external ids are taken for ever: made before it, or lost with
-- rows of it.
CREATE TABLE adopted_settlement (
    enterprise_id  TEXT NOT NULL,
    external_id    TEXT NOT NULL,
    settlement_id  TEXT NOT NULL,
    cutoff         TEXT,
    venue          TEXT NOT NULL,
    adopted_by     TEXT NOT NULL,
    adopted_at     TEXT NOT NULL,
    PRIMARY KEY (enterprise_id, external_id)
);
CREATE INDEX adopted_by_cutoff ON adopted_settlement (enterprise_id, cutoff DESC) WHERE cutoff IS NOT NULL;
