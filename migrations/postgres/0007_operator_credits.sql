-- What operators change about credits: taking some back, and asking once.

-- Part of `expired` that an operator took back. What is gone of a grant either expired or was withdrawn.
ALTER TABLE grants ADD COLUMN withdrawn BIGINT NOT NULL DEFAULT 0 CHECK (withdrawn >= 0 AND withdrawn <= expired);

-- Requests of operators that change credits. A request that is sent twice has one effect, and both are answered alike.
CREATE TABLE operator_requests (
    token         TEXT   PRIMARY KEY NOT NULL, -- made with the form, or the Idempotency-Key of the request
    fingerprint   TEXT   NOT NULL,             -- hex SHA-256 of what was asked for
    answer        TEXT,                        -- JSON: what came of it
    actor         TEXT   NOT NULL,             -- who asked
    created_at_us BIGINT NOT NULL              -- when
);
