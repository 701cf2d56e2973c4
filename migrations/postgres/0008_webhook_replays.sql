-- Replays: what failed to arrive at an endpoint within a window, sent again as one thing that can be followed and stopped.

-- The set is frozen without being copied: deliveries of the endpoint that were made within the window and had failed by `asked_at_us`.
-- They are put in line in groups, in the order in which they were made; the cursor says how far that is, so that a crash costs nothing.
CREATE TABLE replays (
    id              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- inside the database rows join on this
    public_id       TEXT    NOT NULL UNIQUE,                     -- rpl_…: given with the preview, so that one preview starts one replay
    customer_id     BIGINT  NOT NULL REFERENCES customers (id),  -- whose
    endpoint_id     BIGINT  NOT NULL REFERENCES endpoints (id),  -- where to
    event_type      TEXT,                                        -- only events of this type
    failed_as       TEXT    CHECK (failed_as IN ('exhausted', 'canceled')), -- only what ended so
    since_us        BIGINT  NOT NULL,                            -- deliveries that were made from then
    until_us        BIGINT  NOT NULL,                            -- and before then
    asked_at_us     BIGINT  NOT NULL,                            -- the moment of the preview: what failed later is not in the set
    total           BIGINT  NOT NULL CHECK (total BETWEEN 1 AND 50000), -- deliveries in the set, as the preview said
    replayed        BIGINT  NOT NULL DEFAULT 0 CHECK (replayed BETWEEN 0 AND total), -- put in line to be sent again
    skipped         BIGINT  NOT NULL DEFAULT 0 CHECK (skipped BETWEEN 0 AND total - replayed), -- delivered since, or on their way by themselves
    delivered       BIGINT  NOT NULL DEFAULT 0 CHECK (delivered BETWEEN 0 AND replayed), -- of those in line, answered with 2xx at once
    failed          BIGINT  NOT NULL DEFAULT 0 CHECK (failed BETWEEN 0 AND replayed - delivered), -- of those in line, not; they follow their schedule
    cursor_us       BIGINT  NOT NULL,                            -- the last delivery that was looked at: when it was made
    cursor_id       BIGINT  NOT NULL DEFAULT 0,                  -- and its key
    state           TEXT    NOT NULL CHECK (state IN ('running', 'completed', 'aborted')), -- how far it is
    aborted_because TEXT    CHECK (aborted_because IN ('asked', 'endpoint_disabled', 'endpoint_deleted')), -- why it was stopped
    reason          TEXT    NOT NULL CHECK (reason <> ''),       -- why it was started
    actor           TEXT    NOT NULL,                            -- who started it
    aborted_by      TEXT,                                        -- who stopped it, where somebody did
    created_at_us   BIGINT  NOT NULL,                            -- when it was started
    finished_at_us  BIGINT,                                      -- when it ended
    CHECK (since_us < until_us AND until_us - since_us <= 2592000000000),
    CHECK ((state = 'running') = (finished_at_us IS NULL)),
    CHECK ((state = 'aborted') = (aborted_because IS NOT NULL)),
    CHECK (state <> 'completed' OR replayed + skipped = total)
);
CREATE UNIQUE INDEX replays_running ON replays (endpoint_id) WHERE state = 'running';
CREATE INDEX replays_by_customer ON replays (customer_id, id);
CREATE INDEX replays_by_endpoint ON replays (endpoint_id, id);

ALTER TABLE deliveries ADD COLUMN replay_id BIGINT REFERENCES replays (id); -- the replay that asked for the next attempt
ALTER TABLE delivery_attempts ADD COLUMN replay_id BIGINT REFERENCES replays (id); -- the replay that asked for it
CREATE INDEX deliveries_in_replay ON deliveries (replay_id) WHERE replay_id IS NOT NULL;
