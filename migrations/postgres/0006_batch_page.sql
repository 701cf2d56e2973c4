-- What the page of a batch shows beyond its counters: who canceled it and why, when a provider answered too late, and the
-- comparison of every task row with the ledger, which is made away from the hot path and kept with its time.

ALTER TABLE batches ADD COLUMN cancel_actor TEXT;        -- who asked to cancel
ALTER TABLE batches ADD COLUMN cancel_reason TEXT;       -- why, where somebody said so
ALTER TABLE batches ADD COLUMN compared_at_us BIGINT;    -- when its rows were compared after its end; empty until then
CREATE INDEX batches_uncompared ON batches (id) WHERE finished_at_us IS NOT NULL AND compared_at_us IS NULL;

ALTER TABLE attempts ADD COLUMN late_at_us BIGINT;       -- when the late result came
CREATE INDEX attempts_late ON attempts (batch_id, late_at_us, task_no) WHERE late_at_us IS NOT NULL;

-- The lines of one transaction, by task. Rows come in this order, so that it only grows at its end.
CREATE INDEX ledger_lines_by_transaction ON ledger_lines (transaction_id, task_no);
-- The timeline is read by time.
CREATE INDEX ledger_transactions_by_time ON ledger_transactions (batch_id, created_at_us, id) WHERE batch_id IS NOT NULL;
CREATE INDEX events_by_time ON events (batch_id, created_at_us, id) WHERE batch_id IS NOT NULL;

-- The last comparison of a batch: the same four sums from the ledger's entries and from the task rows, in one snapshot.
CREATE TABLE batch_comparisons (
    batch_id        BIGINT PRIMARY KEY REFERENCES batches (id), -- which batch
    compared_at_us  BIGINT NOT NULL,                            -- when
    actor           TEXT   NOT NULL,                            -- who asked, or a worker of ours
    transactions    BIGINT NOT NULL,                            -- ledger transactions that were read
    ledger_held     BIGINT NOT NULL,                            -- the ledger: reserved at first
    ledger_charged  BIGINT NOT NULL,                            -- the ledger: taken for successes
    ledger_refunded BIGINT NOT NULL,                            -- the ledger: given back
    ledger_open     BIGINT NOT NULL,                            -- the ledger: still held
    tasks           BIGINT NOT NULL,                            -- task rows that were read
    tasks_held      BIGINT NOT NULL,                            -- task rows: prices of all
    tasks_charged   BIGINT NOT NULL,                            -- task rows: prices of those that succeeded
    tasks_refunded  BIGINT NOT NULL,                            -- task rows: prices of those that failed or were canceled
    tasks_open      BIGINT NOT NULL,                            -- task rows: prices of those that have not ended
    differing       BIGINT NOT NULL CHECK (differing >= 0),     -- rows of either side that the other side does not bear out
    examples        TEXT   NOT NULL                             -- the first of them, JSON
);
