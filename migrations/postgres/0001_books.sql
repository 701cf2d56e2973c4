-- The books and the work. Times are microseconds since 1970 UTC (`_us`), money is micro-dollars (`_microusd`), credits are
-- whole numbers. Every change to the ledger tables except INSERT is refused by triggers at the end of this file.

-- Who buys through the API.
CREATE TABLE customers (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- inside the database rows join on this
    public_id     TEXT   NOT NULL UNIQUE,                          -- cus_…
    name          TEXT   NOT NULL CHECK (name <> ''),              -- as on invoices
    email         TEXT   NOT NULL UNIQUE,                          -- whom to write to
    created_at_us BIGINT NOT NULL                                  -- when the customer was added
);

-- API keys of customers. The secret is printed once; its hash is kept.
CREATE TABLE api_keys (
    id                   BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- inside the database rows join on this
    public_id            TEXT    NOT NULL UNIQUE,                          -- key_…
    customer_id          BIGINT  NOT NULL REFERENCES customers (id),       -- whose key
    name                 TEXT    NOT NULL,                                 -- what the key is for
    prefix               TEXT    NOT NULL,                                 -- first characters of the secret, in clear
    secret_sha256        TEXT    NOT NULL UNIQUE,                          -- hex SHA-256 of the whole secret
    requests_per_min_max BIGINT  NOT NULL CHECK (requests_per_min_max > 0), -- rate limit
    created_at_us        BIGINT  NOT NULL,                                 -- when it was made
    revoked_at_us        BIGINT                                            -- when it stopped being good
);
CREATE INDEX api_keys_by_prefix ON api_keys (prefix);

-- Rate limit of a key: the generic cell rate algorithm needs one number. Apart from api_keys because it changes all the time.
CREATE TABLE api_key_rates (
    api_key_id BIGINT PRIMARY KEY REFERENCES api_keys (id), -- whose rate
    arrival_us BIGINT NOT NULL                              -- theoretical arrival time of the next request
);

-- What is sold.
CREATE TABLE models (
    id                BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- inside the database rows join on this
    name              TEXT   NOT NULL UNIQUE,                          -- as customers write it
    batch_min         INTEGER NOT NULL CHECK (batch_min > 0),          -- tasks of this model in one batch at least
    target_p95_s      BIGINT NOT NULL CHECK (target_p95_s > 0),        -- 95 of 100 tasks are ready within this time
    deadline_s        BIGINT NOT NULL CHECK (deadline_s > 0),          -- a task not ready by then fails and is refunded
    available_from_us BIGINT NOT NULL,                                 -- first moment it can be ordered
    retires_at_us     BIGINT,                                          -- from then on it cannot be ordered
    successor_id      BIGINT REFERENCES models (id)                    -- what to order instead
);

-- What a model costs customers, from a moment on. Never changed: a new price is a new row.
CREATE TABLE prices (
    id                BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- pinned by batches
    model_id          BIGINT NOT NULL REFERENCES models (id),          -- of what
    credits           BIGINT NOT NULL CHECK (credits > 0),             -- per task
    effective_from_us BIGINT NOT NULL,                                 -- in force from then on
    UNIQUE (model_id, effective_from_us)
);

-- Ways to have a model made, what each costs us, and what the provider bills on a bad end.
CREATE TABLE routes (
    id                      BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- pinned by attempts
    model_id                BIGINT  NOT NULL REFERENCES models (id),          -- which model it makes
    provider                TEXT    NOT NULL,                                 -- name of the provider in the configuration
    upstream_model          TEXT    NOT NULL,                                 -- the provider's name of the model
    unit_cost_microusd      BIGINT  NOT NULL CHECK (unit_cost_microusd >= 0), -- what one billed attempt costs us
    billed_failed           TEXT    NOT NULL CHECK (billed_failed IN ('charged', 'free', 'uncertain')),         -- on a model error
    billed_content_input    TEXT    NOT NULL CHECK (billed_content_input IN ('charged', 'free', 'uncertain')),  -- refused before generation
    billed_content_output   TEXT    NOT NULL CHECK (billed_content_output IN ('charged', 'free', 'uncertain')), -- refused after generation
    billed_timeout          TEXT    NOT NULL CHECK (billed_timeout IN ('charged', 'free', 'uncertain')),        -- given up by us
    concurrency_max         INTEGER NOT NULL CHECK (concurrency_max > 0),     -- tasks there at once, over all workers
    submits_per_min_max     INTEGER NOT NULL CHECK (submits_per_min_max > 0), -- submissions a minute, over all workers
    effective_from_us       BIGINT  NOT NULL,                                 -- used from then on
    effective_to_us         BIGINT,                                           -- and until then
    paused_until_us         BIGINT,                                           -- no task is sent before this moment
    paused_reason           TEXT                                              -- why, for operators
);
CREATE INDEX routes_by_model ON routes (model_id);

-- Prepaid packages on the price list.
CREATE TABLE packages (
    id                BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- inside the database
    name              TEXT   NOT NULL,                                 -- on the price list
    paid_microusd     BIGINT NOT NULL CHECK (paid_microusd > 0),       -- what it costs
    credits           BIGINT NOT NULL CHECK (credits > 0),             -- what it adds
    effective_from_us BIGINT NOT NULL,                                 -- sold from then on
    effective_to_us   BIGINT                                           -- and until then
);

-- Credits added to a customer. Where they are now always adds up.
CREATE TABLE grants (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- inside the database rows join on this
    public_id     TEXT   NOT NULL UNIQUE,                          -- grt_…
    customer_id   BIGINT NOT NULL REFERENCES customers (id),       -- whose
    kind          TEXT   NOT NULL CHECK (kind IN ('purchase', 'promo', 'adjustment')), -- where they came from
    credits       BIGINT NOT NULL CHECK (credits > 0),             -- how many were added
    paid_microusd BIGINT NOT NULL CHECK (paid_microusd >= 0),      -- what was paid for all of them
    available     BIGINT NOT NULL CHECK (available >= 0),          -- can be spent
    held          BIGINT NOT NULL CHECK (held >= 0),               -- reserved by batches
    captured      BIGINT NOT NULL CHECK (captured >= 0),           -- taken for successes
    expired       BIGINT NOT NULL CHECK (expired >= 0),            -- gone unspent
    expires_at_us BIGINT,                                          -- when the available ones go
    reason        TEXT,                                            -- why it was made
    created_at_us BIGINT NOT NULL,                                 -- when
    CHECK (available + held + captured + expired = credits),
    CHECK (kind = 'purchase' OR paid_microusd = 0),
    CHECK (kind <> 'purchase' OR expires_at_us IS NULL)
) WITH (fillfactor = 50);
CREATE INDEX grants_by_customer ON grants (customer_id);
CREATE INDEX grants_by_expiry ON grants (expires_at_us) WHERE expires_at_us IS NOT NULL;

-- Batches, with the counters that every page reads instead of counting.
CREATE TABLE batches (
    id                      BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- inside the database rows join on this
    public_id               TEXT    NOT NULL UNIQUE,                          -- bat_…
    customer_id             BIGINT  NOT NULL REFERENCES customers (id),       -- whose
    api_key_id              BIGINT  REFERENCES api_keys (id),                 -- the key that submitted it
    idempotency_key         TEXT    NOT NULL,                                 -- as the customer chose it
    model                   TEXT,                                             -- the batch-level model, if one was given
    webhook_url             TEXT,                                             -- where this batch is reported to
    metadata                TEXT    NOT NULL,                                 -- the customer's own JSON object
    status                  TEXT    NOT NULL CHECK (status IN ('queued', 'processing', 'canceling', 'completed', 'partial', 'failed', 'canceled')), -- DESIGN §2
    total                   BIGINT  NOT NULL CHECK (total > 0),               -- tasks
    pending                 BIGINT  NOT NULL CHECK (pending >= 0),            -- tasks that wait, the ones to be tried again included
    processing              BIGINT  NOT NULL CHECK (processing >= 0),         -- tasks submitting or at a provider
    succeeded               BIGINT  NOT NULL CHECK (succeeded >= 0),          -- tasks charged
    failed                  BIGINT  NOT NULL CHECK (failed >= 0),             -- tasks refunded
    canceled                BIGINT  NOT NULL CHECK (canceled >= 0),           -- tasks that never ran, refunded
    next_task_no            INTEGER NOT NULL CHECK (next_task_no >= 1),       -- tasks from this number on were never claimed
    credits_held            BIGINT  NOT NULL CHECK (credits_held > 0),        -- reserved at first
    credits_charged         BIGINT  NOT NULL CHECK (credits_charged >= 0),    -- taken for successes
    credits_refunded        BIGINT  NOT NULL CHECK (credits_refunded >= 0),   -- given back
    revenue_microusd        BIGINT  NOT NULL CHECK (revenue_microusd >= 0),   -- what was paid for the charged credits
    cost_succeeded_microusd BIGINT  NOT NULL CHECK (cost_succeeded_microusd >= 0), -- provider cost of attempts that succeeded
    cost_failed_microusd    BIGINT  NOT NULL CHECK (cost_failed_microusd >= 0),    -- provider cost of attempts that failed
    created_at_us           BIGINT  NOT NULL,                                 -- submitted
    started_at_us           BIGINT,                                           -- first task claimed
    cancel_requested_at_us  BIGINT,                                           -- cancel asked for
    finished_at_us          BIGINT,                                           -- last task settled
    claimed_at_us           BIGINT  NOT NULL,                                 -- last turn, so that all get one
    UNIQUE (customer_id, idempotency_key),
    CHECK (pending + processing + succeeded + failed + canceled = total),
    CHECK (credits_charged + credits_refunded <= credits_held),
    CHECK ((status IN ('completed', 'partial', 'failed', 'canceled')) = (finished_at_us IS NOT NULL)),
    CHECK (finished_at_us IS NULL OR (pending + processing = 0 AND credits_charged + credits_refunded = credits_held)),
    CHECK (status <> 'processing' OR started_at_us IS NOT NULL),
    CHECK (status <> 'canceling' OR cancel_requested_at_us IS NOT NULL)
) WITH (fillfactor = 50);
CREATE INDEX batches_by_customer ON batches (customer_id, id);
CREATE INDEX batches_open ON batches (id) WHERE finished_at_us IS NULL;

-- What a batch was priced with, by model.
CREATE TABLE batch_models (
    batch_id BIGINT NOT NULL REFERENCES batches (id), -- which batch
    model_id BIGINT NOT NULL REFERENCES models (id),  -- which model
    price_id BIGINT NOT NULL REFERENCES prices (id),  -- the price in force when it was submitted
    credits  BIGINT NOT NULL CHECK (credits > 0),     -- that price, per task
    tasks    BIGINT NOT NULL CHECK (tasks > 0),       -- tasks of this model
    PRIMARY KEY (batch_id, model_id)
);

-- Failures of a batch by type and responsible party. Rows with no tasks carry the cost of attempts that were repeated.
CREATE TABLE batch_failures (
    batch_id      BIGINT NOT NULL REFERENCES batches (id),      -- which batch
    failure_type  TEXT   NOT NULL,                              -- DESIGN §2
    party         TEXT   NOT NULL CHECK (party IN ('customer', 'provider', 'network', 'platform', 'unknown')), -- who bears it
    tasks         BIGINT NOT NULL CHECK (tasks >= 0),           -- tasks that ended so
    credits       BIGINT NOT NULL CHECK (credits >= 0),         -- credits refunded for them
    cost_microusd BIGINT NOT NULL CHECK (cost_microusd >= 0),   -- provider cost sunk
    PRIMARY KEY (batch_id, failure_type, party)
);

-- Tasks: what changes. Narrow, and no index on a column that changes, so that updates stay in their page.
CREATE TABLE tasks (
    batch_id       BIGINT  NOT NULL,                       -- which batch
    price          BIGINT  NOT NULL CHECK (price > 0),     -- credits held for it
    model_id       BIGINT  NOT NULL,                       -- which model
    lease_owner    BIGINT,                                 -- worker that has it; its lease is its worker's
    started_at_us  BIGINT,                                 -- first claimed
    finished_at_us BIGINT,                                 -- settled
    task_no        INTEGER NOT NULL CHECK (task_no >= 1),  -- dense, from 1
    attempts       INTEGER NOT NULL CHECK (attempts >= 0), -- attempts made
    status         TEXT    NOT NULL CHECK (status IN ('pending', 'submitting', 'processing', 'succeeded', 'failed', 'canceled')), -- DESIGN §2
    failure_type   TEXT,                                   -- why it failed
    party          TEXT,                                   -- who bears it
    PRIMARY KEY (batch_id, task_no),
    CHECK ((status IN ('succeeded', 'failed', 'canceled')) = (finished_at_us IS NOT NULL)),
    CHECK ((status = 'failed') = (failure_type IS NOT NULL)),
    CHECK ((status = 'failed') = (party IS NOT NULL)),
    CHECK (lease_owner IS NULL OR status IN ('submitting', 'processing'))
) WITH (fillfactor = 35, autovacuum_vacuum_scale_factor = 0.05); -- a whole page of tasks, claimed and settled at once, fits into it twice more

-- Tasks: what never changes.
CREATE TABLE task_inputs (
    batch_id      BIGINT  NOT NULL, -- which batch
    task_no       INTEGER NOT NULL, -- which task
    duration_s    INTEGER,          -- length of the video asked for
    prompt        TEXT    NOT NULL, -- what to make
    custom_id     TEXT,             -- the customer's name of the task
    reference_url TEXT,             -- picture to start from
    aspect_ratio  TEXT,             -- shape of the video
    metadata      TEXT,             -- the customer's own JSON object
    PRIMARY KEY (batch_id, task_no)
);
CREATE UNIQUE INDEX task_inputs_by_custom_id ON task_inputs (batch_id, custom_id) WHERE custom_id IS NOT NULL;

-- Tasks that wait for another attempt. Everything else that waits has a number from batches.next_task_no on.
CREATE TABLE retries (
    batch_id  BIGINT  NOT NULL, -- which batch
    task_no   INTEGER NOT NULL, -- which task
    due_at_us BIGINT  NOT NULL, -- not before this moment
    PRIMARY KEY (batch_id, task_no)
);

-- One call sequence to a provider for one task. Its reference upstream is bat_…/task_no/attempt_no.
CREATE TABLE attempts (
    batch_id             BIGINT  NOT NULL,                         -- which batch
    route_id             BIGINT  NOT NULL,                         -- which provider, at what cost
    sent_at_us           BIGINT  NOT NULL,                         -- recorded before the call
    accepted_at_us       BIGINT,                                   -- the provider took it
    finished_at_us       BIGINT,                                   -- its end was recorded
    cost_microusd        BIGINT  NOT NULL CHECK (cost_microusd >= 0), -- booked provider cost
    task_no              INTEGER NOT NULL,                         -- which task
    attempt_no           INTEGER NOT NULL CHECK (attempt_no >= 1), -- from 1
    state                TEXT    NOT NULL CHECK (state IN ('open', 'succeeded', 'failed')), -- what it came to
    provider_job         TEXT,                                     -- the provider's name of it
    billed               TEXT    CHECK (billed IN ('charged', 'free', 'uncertain')), -- whether the provider bills it
    failure_type         TEXT,                                     -- why it failed
    party                TEXT,                                     -- who bears it
    http_status          INTEGER,                                  -- evidence: status of the deciding answer
    provider_code        TEXT,                                     -- evidence: the provider's code, verbatim
    provider_message     TEXT,                                     -- evidence: the provider's text, cut
    provider_request_id  TEXT,                                     -- evidence: for the provider's support
    rule                 TEXT,                                     -- evidence: the rule that decided
    output_url           TEXT,                                     -- the video
    output_expires_at_us BIGINT,                                   -- how long it can be fetched
    late_result          TEXT,                                     -- what the provider said after the task was settled
    PRIMARY KEY (batch_id, task_no, attempt_no),
    CHECK ((state = 'open') = (finished_at_us IS NULL)),
    CHECK ((state = 'open') = (billed IS NULL)),
    CHECK ((state = 'failed') = (failure_type IS NOT NULL)),
    CHECK ((state = 'failed') = (party IS NOT NULL)),
    CHECK ((state = 'succeeded') = (output_url IS NOT NULL))
) WITH (fillfactor = 25, autovacuum_vacuum_scale_factor = 0.05); -- a closed attempt is three times as long as an open one

-- Processes that do the work. A number is given once and never again: it is the fencing token of everything leased to it.
CREATE TABLE workers (
    id              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- tasks.lease_owner
    name            TEXT   NOT NULL,                                 -- host and process, for operators
    started_at_us   BIGINT NOT NULL,                                 -- when it registered
    heartbeat_at_us BIGINT NOT NULL,                                 -- last sign of life
    leased_until_us BIGINT NOT NULL,                                 -- its tasks may be taken from it after this moment
    stopped_at_us   BIGINT,                                          -- it left, or was given up
    cleared_at_us   BIGINT                                           -- no task names it any more
);
CREATE INDEX workers_uncleared ON workers (id) WHERE cleared_at_us IS NULL;

-- Accounts. Two per customer, with a balance; the platform's have none and are sums of their entries.
CREATE TABLE ledger_accounts (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- inside the database
    customer_id BIGINT REFERENCES customers (id),                -- whose, or nobody's
    kind        TEXT   NOT NULL CHECK (kind IN ('available', 'held', 'issued', 'revenue', 'promo_expense', 'breakage', 'adjustments')), -- DESIGN §3
    balance     BIGINT CHECK (balance >= 0),                     -- sum of its entries, customers only
    CHECK ((customer_id IS NOT NULL) = (kind IN ('available', 'held'))),
    CHECK ((customer_id IS NOT NULL) = (balance IS NOT NULL))
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX ledger_accounts_of_customer ON ledger_accounts (customer_id, kind) WHERE customer_id IS NOT NULL;
CREATE UNIQUE INDEX ledger_accounts_of_platform ON ledger_accounts (kind) WHERE customer_id IS NULL;

-- Transactions. Inserted after their entries: inserting one checks that they sum to zero, and closes it.
CREATE TABLE ledger_transactions (
    id               BIGINT PRIMARY KEY,                          -- from ledger_transaction_ids
    public_id        TEXT   NOT NULL UNIQUE,                      -- txn_…
    kind             TEXT   NOT NULL CHECK (kind IN ('purchase', 'promo', 'adjustment', 'hold', 'capture', 'release', 'expiry', 'reversal')), -- DESIGN §3
    customer_id      BIGINT NOT NULL REFERENCES customers (id),   -- whose credits
    batch_id         BIGINT,                                      -- for which batch
    grant_id         BIGINT,                                      -- for which grant
    reverses_id      BIGINT REFERENCES ledger_transactions (id),  -- which transaction it undoes
    credits          BIGINT NOT NULL CHECK (credits > 0),         -- how many moved
    revenue_microusd BIGINT NOT NULL,                             -- what was paid for them, captures and their reversals only
    tasks            BIGINT NOT NULL CHECK (tasks >= 0),          -- lines
    actor            TEXT   NOT NULL,                             -- who: a key, an operator, or a worker of ours
    reason           TEXT,                                        -- why, where somebody chose to
    created_at_us    BIGINT NOT NULL,                             -- when
    CHECK ((kind IN ('hold', 'capture', 'release')) <= (batch_id IS NOT NULL)),
    CHECK ((kind IN ('purchase', 'promo', 'adjustment', 'expiry')) <= (grant_id IS NOT NULL)),
    CHECK ((kind = 'reversal') = (reverses_id IS NOT NULL)),
    CHECK (kind <> 'reversal' OR reason IS NOT NULL)
);
CREATE SEQUENCE ledger_transaction_ids;
CREATE INDEX ledger_transactions_by_customer ON ledger_transactions (customer_id, id);
CREATE INDEX ledger_transactions_by_batch ON ledger_transactions (batch_id, id);

-- Entries: the signed sides of a transaction.
CREATE TABLE ledger_entries (
    transaction_id BIGINT  NOT NULL REFERENCES ledger_transactions (id) DEFERRABLE INITIALLY DEFERRED, -- of which transaction
    account_id     BIGINT  NOT NULL REFERENCES ledger_accounts (id), -- which account
    credits        BIGINT  NOT NULL CHECK (credits <> 0),            -- added to it, or taken
    balance_after  BIGINT  CHECK (balance_after >= 0),               -- what the account then had, customers only
    PRIMARY KEY (transaction_id, account_id)
);
CREATE INDEX ledger_entries_by_account ON ledger_entries (account_id, transaction_id);

-- One line per settled task: captured or released, exactly once. A second line can only be the reversal of a capture.
CREATE TABLE ledger_lines (
    batch_id         BIGINT   NOT NULL,                     -- which batch
    transaction_id   BIGINT   NOT NULL,                     -- part of which transaction
    credits          BIGINT   NOT NULL CHECK (credits > 0), -- how many
    revenue_microusd BIGINT   NOT NULL,                     -- what was paid for them
    task_no          INTEGER  NOT NULL,                     -- which task
    step             SMALLINT NOT NULL,                     -- 0 settles, 1 reverses
    kind             TEXT     NOT NULL CHECK (kind IN ('capture', 'release', 'reverse')), -- what happened
    PRIMARY KEY (batch_id, task_no, step),
    CHECK (step = CASE kind WHEN 'reverse' THEN 1 ELSE 0 END),
    CHECK (kind = 'capture' OR revenue_microusd <= 0)
);

-- Which grants the hold of a batch drew on, in order. Captures consume from the front, releases from the end.
CREATE TABLE hold_draws (
    batch_id BIGINT  NOT NULL REFERENCES batches (id), -- whose hold
    seq      INTEGER NOT NULL,                         -- order of drawing
    grant_id BIGINT  NOT NULL REFERENCES grants (id),  -- from which grant
    credits  BIGINT  NOT NULL CHECK (credits > 0),     -- drawn
    captured BIGINT  NOT NULL CHECK (captured >= 0),   -- taken for successes
    released BIGINT  NOT NULL CHECK (released >= 0),   -- given back
    PRIMARY KEY (batch_id, seq),
    CHECK (captured + released <= credits)
) WITH (fillfactor = 50);

-- Answers to POST /batches, stored in the transaction of their effect. They live as long as their batch.
CREATE TABLE idempotency_keys (
    customer_id   BIGINT NOT NULL REFERENCES customers (id), -- whose key
    key           TEXT   NOT NULL,                           -- as the customer chose it
    fingerprint   TEXT   NOT NULL,                           -- hex SHA-256 of the request
    batch_id      BIGINT,                                    -- what it made
    response      TEXT,                                      -- what was answered
    created_at_us BIGINT NOT NULL,                           -- when
    PRIMARY KEY (customer_id, key)
);

-- The outbox: what happened, written in the transaction that made it happen.
CREATE TABLE events (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- order of writing
    public_id     TEXT   NOT NULL UNIQUE,                          -- evt_…
    type          TEXT   NOT NULL,                                 -- batch.created, …
    customer_id   BIGINT NOT NULL REFERENCES customers (id),       -- whose
    batch_id      BIGINT,                                          -- about which batch
    payload       TEXT   NOT NULL,                                 -- JSON
    created_at_us BIGINT NOT NULL                                  -- when
);
CREATE INDEX events_by_batch ON events (batch_id, id);

-- Rules of the ledger that a CHECK cannot say.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'append-only: a row of % is never changed or deleted; make a reversing transaction', TG_TABLE_NAME;
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transactions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_lines FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON prices FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM inserted AS t
        LEFT JOIN ledger_entries AS e ON e.transaction_id = t.id
        GROUP BY t.id, t.credits
        HAVING COUNT(e.credits) < 2 OR SUM(e.credits) <> 0 OR SUM(GREATEST(e.credits, 0)) <> MAX(t.credits)
    ) THEN
        RAISE EXCEPTION 'unbalanced: the entries of a ledger transaction sum to zero and move what it says';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER balanced AFTER INSERT ON ledger_transactions REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced();

CREATE FUNCTION refuse_late_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM inserted AS e JOIN ledger_transactions AS t ON t.id = e.transaction_id) THEN
        RAISE EXCEPTION 'closed: a ledger transaction takes no entry after it was inserted';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER closed AFTER INSERT ON ledger_entries REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_late_entry();

INSERT INTO ledger_accounts (customer_id, kind, balance) VALUES
    (NULL, 'issued', NULL), (NULL, 'revenue', NULL), (NULL, 'promo_expense', NULL), (NULL, 'breakage', NULL), (NULL, 'adjustments', NULL);
