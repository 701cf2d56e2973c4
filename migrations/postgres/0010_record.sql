-- The record: who did what (audit), and a hash chain over the ledger and over this record, sealed away from the hot path; keys
-- that may do only some things, from some addresses, for some time, and how much each is used.

-- What operators, commands and refused keys did. Written in the transaction of the action; never changed or deleted.
CREATE TABLE audit (
    id            BIGINT PRIMARY KEY, -- from audit_ids
    created_at_us BIGINT NOT NULL,    -- when
    actor_kind    TEXT   NOT NULL CHECK (actor_kind IN ('operator', 'command', 'key', 'nobody')), -- what kind of who
    actor_id      TEXT,               -- opr_… or key_…, where it has one
    actor_name    TEXT   NOT NULL,    -- as it was called then
    action        TEXT   NOT NULL,    -- one of a list in the program
    object_kind   TEXT   NOT NULL,    -- on what
    object_id     TEXT,               -- on which; its public id
    customer_id   BIGINT REFERENCES customers (id), -- whose rows these are
    before        TEXT,               -- JSON: what changed, as it was
    after         TEXT,               -- JSON: what changed, as it is
    reason        TEXT,               -- why, where somebody said so
    request_id    TEXT,               -- names the request in the log
    address       TEXT                -- where it came from
);
CREATE SEQUENCE audit_ids;
CREATE INDEX audit_by_object ON audit (object_id, id) WHERE object_id IS NOT NULL;
CREATE INDEX audit_by_customer ON audit (customer_id, id) WHERE customer_id IS NOT NULL;
CREATE INDEX audit_by_actor ON audit (actor_name, id);
CREATE INDEX audit_by_action ON audit (action, id);

-- Links of the hash chain. Each covers the rows of its kind that come after those of the link of that kind before it, up to
-- `last_id`; it holds the hash of the link before, so that no row can be changed, taken out or put in without a trace.
CREATE TABLE chain_links (
    seq           BIGINT PRIMARY KEY, -- from 1, without gaps
    kind          TEXT   NOT NULL CHECK (kind IN ('ledger', 'audit')), -- rows of what
    last_id       BIGINT NOT NULL,    -- the last row that it covers
    rows_sealed   BIGINT NOT NULL CHECK (rows_sealed > 0), -- transactions, or rows of audit
    previous_hash TEXT   NOT NULL,    -- hex SHA-256 of the link before; zeros before the first
    hash          TEXT   NOT NULL,    -- hex SHA-256 of that, of this link, and of its rows
    sealed_at_us  BIGINT NOT NULL,    -- when
    UNIQUE (kind, last_id)
);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON chain_links FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What a key may do, from where and until when.
ALTER TABLE api_keys ADD COLUMN scopes TEXT NOT NULL DEFAULT 'read submit webhooks'; -- words, parted by blanks
ALTER TABLE api_keys ADD COLUMN expires_at_us BIGINT;           -- not good from then on
ALTER TABLE api_keys ADD COLUMN allowed TEXT NOT NULL DEFAULT ''; -- subnets it may be used from, parted by commas; empty: from anywhere
ALTER TABLE api_keys ADD COLUMN last_used_at_us BIGINT;         -- to the minute

-- Requests of a key, day by day. Kept in memory and added up here every few seconds.
CREATE TABLE api_key_days (
    api_key_id BIGINT  NOT NULL REFERENCES api_keys (id), -- whose
    day        BIGINT  NOT NULL,                          -- days since 1970 UTC
    requests   BIGINT  NOT NULL CHECK (requests >= 0),    -- that were let through
    refused    BIGINT  NOT NULL CHECK (refused >= 0),     -- too many, not allowed, from elsewhere, expired
    PRIMARY KEY (api_key_id, day)
);
