-- How many tasks of a batch ended how, by blocks of 500 task numbers. Block 0 has numbers 1 to 500. Adding up a few rows says
-- in which block row 39,950 of the failed tasks is: a page of filtered tasks costs the same wherever it is, and no index
-- names a state. Tallies only grow: a task that ended stays as it is.
--
-- Batches with more than one model also tally what was ordered, so that one model's tasks are found the same way.
CREATE TABLE task_tallies (
    batch_id     BIGINT  NOT NULL,                    -- which batch
    outcome      TEXT    NOT NULL CHECK (outcome IN ('ordered', 'succeeded', 'failed', 'canceled')), -- how they ended, or that they were ordered
    failure_type TEXT    NOT NULL,                    -- why they failed; empty unless they did
    party        TEXT    NOT NULL,                    -- who bears it; empty unless they failed
    model_id     BIGINT  NOT NULL,                    -- of which model
    block        INTEGER NOT NULL CHECK (block >= 0), -- (task_no - 1) / 500
    tasks        BIGINT  NOT NULL CHECK (tasks BETWEEN 1 AND 500), -- how many
    PRIMARY KEY (batch_id, outcome, failure_type, party, model_id, block),
    CHECK ((outcome = 'failed') = (failure_type <> '')),
    CHECK ((outcome = 'failed') = (party <> ''))
) WITH (fillfactor = 50); -- a tally is added to many times while its block is worked on

INSERT INTO task_tallies (batch_id, outcome, failure_type, party, model_id, block, tasks)
SELECT batch_id, status, COALESCE(failure_type, ''), COALESCE(party, ''), model_id, (task_no - 1) / 500, COUNT(*)
FROM tasks WHERE finished_at_us IS NOT NULL
GROUP BY batch_id, status, COALESCE(failure_type, ''), COALESCE(party, ''), model_id, (task_no - 1) / 500;

INSERT INTO task_tallies (batch_id, outcome, failure_type, party, model_id, block, tasks)
SELECT batch_id, 'ordered', '', '', model_id, (task_no - 1) / 500, COUNT(*)
FROM tasks WHERE batch_id IN (SELECT batch_id FROM batch_models GROUP BY batch_id HAVING COUNT(*) > 1)
GROUP BY batch_id, model_id, (task_no - 1) / 500;
