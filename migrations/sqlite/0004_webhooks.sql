-- Webhooks: where customers want to be told, what is to be sent, and every attempt at sending it. Money is nowhere in here.

-- Endpoints: where a customer is told what happened.
CREATE TABLE endpoints (
    id               INTEGER PRIMARY KEY AUTOINCREMENT, -- inside the database rows join on this
    public_id        TEXT    NOT NULL UNIQUE,                    -- whe_…
    customer_id      BIGINT  NOT NULL REFERENCES customers (id), -- whose
    source           TEXT    NOT NULL CHECK (source IN ('registered', 'batch')), -- for all batches, or for those that name it
    url              TEXT    NOT NULL CHECK (url <> ''),         -- where to
    description      TEXT    NOT NULL,                           -- the customer's own words
    event_types      TEXT    NOT NULL,                           -- separated by spaces; empty means all but those of tasks
    tells_tasks      INTEGER NOT NULL CHECK (tells_tasks IN (0, 1)), -- whether single tasks are among them
    timeout_ms       INTEGER NOT NULL CHECK (timeout_ms BETWEEN 1000 AND 30000), -- how long an attempt may take
    state            TEXT    NOT NULL CHECK (state IN ('enabled', 'disabled')),  -- whether anything is sent
    disabled_because TEXT    CHECK (disabled_because IN ('operator', 'customer', 'gone', 'failing')), -- why nothing is
    disabled_at_us   BIGINT,                                     -- since when nothing is
    failing_since_us BIGINT,                                     -- every attempt since then failed
    warned_at_us     BIGINT,                                     -- operators were warned
    announced_at_us  BIGINT,                                     -- it was announced that it will be disabled
    probe_at_us      BIGINT,                                     -- disabled because it failed: looked after then
    deleted_at_us    BIGINT,                                     -- the customer has it no more
    created_at_us    BIGINT  NOT NULL,                           -- when it was made
    CHECK ((state = 'disabled') = (disabled_because IS NOT NULL)),
    CHECK ((state = 'disabled') = (disabled_at_us IS NOT NULL))
);
CREATE INDEX endpoints_by_customer ON endpoints (customer_id, id);
CREATE INDEX endpoints_told_of_tasks ON endpoints (customer_id) WHERE tells_tasks = 1;
CREATE UNIQUE INDEX endpoints_of_batches ON endpoints (customer_id, url) WHERE source = 'batch' AND deleted_at_us IS NULL;

-- Secrets that sign. They are kept as they are, because signing needs them.
CREATE TABLE endpoint_secrets (
    id            INTEGER PRIMARY KEY AUTOINCREMENT, -- the highest is the newest
    endpoint_id   BIGINT NOT NULL REFERENCES endpoints (id),     -- whose
    secret        TEXT   NOT NULL,                               -- whsec_…
    created_at_us BIGINT NOT NULL,                               -- when it was made
    expires_at_us BIGINT                                         -- an older one signs until then
);
CREATE INDEX endpoint_secrets_by_endpoint ON endpoint_secrets (endpoint_id, id);

-- What came of the attempts at an endpoint, by hour. Faults of ours are left out.
CREATE TABLE endpoint_hours (
    endpoint_id  BIGINT NOT NULL REFERENCES endpoints (id),      -- which endpoint
    hour_us      BIGINT NOT NULL,                                -- when the hour began
    succeeded    BIGINT NOT NULL CHECK (succeeded >= 0),         -- attempts that were answered with 2xx
    failed       BIGINT NOT NULL CHECK (failed >= 0),            -- all others
    first_failed BIGINT NOT NULL CHECK (first_failed BETWEEN 0 AND failed), -- of those, first tries of a delivery
    PRIMARY KEY (endpoint_id, hour_us)
);

-- Events whose deliveries are not made yet. Written with the event, gone with its deliveries.
CREATE TABLE event_queue (
    event_id BIGINT PRIMARY KEY REFERENCES events (id)           -- which event
);

-- Deliveries: an event for an endpoint. The public id is the receiver's `webhook-id`, through all attempts.
CREATE TABLE deliveries (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT, -- inside the database rows join on this
    public_id          TEXT    NOT NULL UNIQUE,                  -- dlv_…
    endpoint_id        BIGINT  NOT NULL REFERENCES endpoints (id), -- where to
    event_id           BIGINT  NOT NULL REFERENCES events (id),  -- what
    customer_id        BIGINT  NOT NULL REFERENCES customers (id), -- whose
    batch_id           BIGINT,                                   -- about which batch
    state              TEXT    NOT NULL CHECK (state IN ('pending', 'succeeded', 'exhausted', 'canceled')), -- DESIGN §2
    canceled_because   TEXT    CHECK (canceled_because IN ('endpoint_disabled', 'endpoint_deleted', 'replay_aborted')), -- why it was canceled
    trigger_kind       TEXT    NOT NULL CHECK (trigger_kind IN ('scheduled', 'manual', 'replay', 'test', 'probe')), -- why the next attempt is made
    actor              TEXT,                                     -- who asked for it, where somebody did
    attempts           INTEGER NOT NULL CHECK (attempts >= 0),   -- attempts begun
    failures           INTEGER NOT NULL CHECK (failures >= 0),   -- that count, since the schedule began
    lane               INTEGER NOT NULL CHECK (lane IN (0, 1)),  -- 0 first tries, 1 retries, so that neither starves
    next_attempt_at_us BIGINT,                                   -- when it is due; while it is being sent, when it counts as lost
    sender             BIGINT,                                   -- who sends it now: nobody else may record what came of it
    created_at_us      BIGINT  NOT NULL,                         -- when it was made
    finished_at_us     BIGINT,                                   -- when nothing more was to be done
    failed_as          TEXT    CHECK (failed_as IN ('exhausted', 'canceled')), -- how it last ended without arriving, whatever came later
    failed_at_us       BIGINT,                                   -- and when
    CHECK ((state = 'pending') = (finished_at_us IS NULL)),
    CHECK ((state = 'pending') = (next_attempt_at_us IS NOT NULL)),
    CHECK ((state = 'canceled') = (canceled_because IS NOT NULL)),
    CHECK (sender IS NULL OR state = 'pending'),
    CHECK ((failed_as IS NULL) = (failed_at_us IS NULL)),
    CHECK (state NOT IN ('exhausted', 'canceled') OR (failed_as IS NOT NULL AND failed_as = state))
);
CREATE UNIQUE INDEX deliveries_once ON deliveries (event_id, endpoint_id);
CREATE INDEX deliveries_due ON deliveries (endpoint_id, lane, next_attempt_at_us) WHERE state = 'pending';
CREATE INDEX deliveries_by_endpoint ON deliveries (endpoint_id, id);
CREATE INDEX deliveries_by_customer ON deliveries (customer_id, id);
CREATE INDEX deliveries_by_batch ON deliveries (batch_id, id) WHERE batch_id IS NOT NULL;
CREATE INDEX deliveries_failed ON deliveries (endpoint_id, created_at_us, id) WHERE failed_at_us IS NOT NULL;
CREATE INDEX deliveries_undelivered ON deliveries (customer_id, id) WHERE state IN ('exhausted', 'canceled');

-- Attempts at a delivery, recorded before they are made.
CREATE TABLE delivery_attempts (
    delivery_id      BIGINT  NOT NULL REFERENCES deliveries (id), -- of which delivery
    attempt_no       INTEGER NOT NULL CHECK (attempt_no >= 1),   -- from 1
    trigger_kind     TEXT    NOT NULL CHECK (trigger_kind IN ('scheduled', 'manual', 'replay', 'test', 'probe')), -- why it was made
    actor            TEXT,                                       -- who asked for it, where somebody did
    url              TEXT    NOT NULL,                           -- where it went
    started_at_us    BIGINT  NOT NULL,                           -- recorded before sending
    requested_at_us  BIGINT,                                     -- when the request was sent: `webhook-timestamp`
    responded_at_us  BIGINT,                                     -- when the answer began to arrive
    finished_at_us   BIGINT,                                     -- when the whole answer, or its absence, was known
    class            TEXT -- what came of it
        CHECK (class IN ('delivered', 'http_3xx', 'http_4xx', 'http_5xx', 'gone', 'body_too_large', 'timeout_connect', 'timeout_response',
        'dns', 'tls', 'refused', 'reset', 'blocked_address', 'internal', 'interrupted')),
    http_status      INTEGER,                                    -- the answer's status
    retry_after_s    BIGINT,                                     -- the pause that a 429 or 503 asked for
    signature        TEXT,                                       -- `webhook-signature` as it was sent
    response_headers TEXT,                                       -- the answer's headers, a line each; secrets are masked
    response_body    TEXT,                                       -- the answer's first 8 kB
    error            TEXT,                                       -- what went wrong, for people
    PRIMARY KEY (delivery_id, attempt_no),
    CHECK ((class IS NULL) = (finished_at_us IS NULL))
);

-- What operators should know about endpoints.
CREATE TABLE operator_events (
    id            INTEGER PRIMARY KEY AUTOINCREMENT, -- order of writing
    type          TEXT   NOT NULL CHECK (type IN ('endpoint.warned', 'endpoint.announced', 'endpoint.disabled', 'endpoint.recovered')), -- what happened
    endpoint_id   BIGINT NOT NULL REFERENCES endpoints (id),     -- to which endpoint
    text          TEXT   NOT NULL,                               -- in a sentence
    created_at_us BIGINT NOT NULL                                -- when
);
CREATE INDEX operator_events_by_endpoint ON operator_events (endpoint_id, id);

-- Every event is queued in the transaction that writes it; no program can forget it.
CREATE TRIGGER events_queued AFTER INSERT ON events BEGIN
    INSERT INTO event_queue (event_id) VALUES (NEW.id);
END;
