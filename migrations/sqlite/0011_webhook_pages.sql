-- What the pages of webhooks show: how attempts ended by hour, and how a delivery's last attempt ended.

-- Attempts that ended, by endpoint, hour, outcome, and how long they took. Kept in the transaction that records the attempts.
CREATE TABLE outcome_hours (
    endpoint_id BIGINT  NOT NULL REFERENCES endpoints (id),    -- which endpoint
    hour_us     BIGINT  NOT NULL,                              -- when the hour began
    outcome     TEXT    NOT NULL -- how they ended
        CHECK (outcome IN ('delivered', 'timeout', 'http_3xx', 'http_4xx', 'http_5xx', 'network', 'ours')),
    took_ms     INTEGER NOT NULL CHECK (took_ms > 0),          -- they took at most so long, and longer than the bound before it
    attempts    BIGINT  NOT NULL CHECK (attempts > 0),         -- how many
    PRIMARY KEY (endpoint_id, hour_us, outcome, took_ms)
);
CREATE INDEX outcome_hours_by_hour ON outcome_hours (hour_us);

ALTER TABLE deliveries ADD COLUMN last_class TEXT; -- how the last attempt that ended did

-- Whatever is asked for, a page is read from an index, newest first.
CREATE INDEX deliveries_by_state ON deliveries (state, id) WHERE state <> 'succeeded';
CREATE INDEX deliveries_by_class ON deliveries (last_class, id) WHERE last_class <> 'delivered';
CREATE INDEX deliveries_by_moment ON deliveries (created_at_us);

-- Secrets that were made in the console and not looked at yet: each can be shown once.
CREATE TABLE secret_reveals (
    token_hash    TEXT   PRIMARY KEY NOT NULL,                   -- hex SHA-256 of what the address of the page carries
    secret_id     BIGINT NOT NULL REFERENCES endpoint_secrets (id), -- which secret
    expires_at_us BIGINT NOT NULL                                -- it can be shown until then
);
