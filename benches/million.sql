-- Stretches the newest batch, of a few tasks of one model that nobody has begun, to a million tasks that have ended: 8 in 100 failed, in
-- three ways, scattered; half of the failures in runs. For measuring pages, not for keeping books: there is no ledger line.
-- SQLite and PostgreSQL.
DELETE FROM tasks WHERE batch_id = (SELECT MAX(id) FROM batches);
DELETE FROM task_inputs WHERE batch_id = (SELECT MAX(id) FROM batches);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
INSERT INTO tasks (batch_id, price, model_id, started_at_us, finished_at_us, task_no, attempts, status, failure_type, party)
SELECT (SELECT MAX(id) FROM batches), 49,
    (SELECT MIN(model_id) FROM batch_models WHERE batch_id = (SELECT MAX(id) FROM batches)), 1795000000000000 + i, 1795000000000000 + i * 2, i, 1,
    CASE WHEN (i * 7919) % 100 < 4 OR (i / 2000) % 25 = 3 THEN 'failed' ELSE 'succeeded' END,
    CASE WHEN (i * 7919) % 100 < 4 OR (i / 2000) % 25 = 3 THEN CASE i % 3 WHEN 0 THEN 'timeout' WHEN 1 THEN 'content_policy_input' ELSE 'network' END END,
    CASE WHEN (i * 7919) % 100 < 4 OR (i / 2000) % 25 = 3 THEN CASE i % 3 WHEN 0 THEN 'provider' WHEN 1 THEN 'customer' ELSE 'network' END END
FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
INSERT INTO task_inputs (batch_id, task_no, prompt, custom_id)
SELECT (SELECT MAX(id) FROM batches), i, 'A lighthouse keeper climbs the stairs at dawn while gulls turn in the wind, slow dolly shot, 35 mm, take ' || CAST(i AS TEXT),
    'scene-' || CAST(i AS TEXT) FROM n;
INSERT INTO attempts (batch_id, route_id, sent_at_us, finished_at_us, cost_microusd, task_no, attempt_no, state, billed, failure_type, party, output_url)
SELECT t.batch_id, 1, t.started_at_us, t.finished_at_us, 117600, t.task_no, 1, t.status, 'charged', t.failure_type, t.party,
    CASE t.status WHEN 'succeeded' THEN 'https://example.com/' || CAST(t.task_no AS TEXT) || '.mp4' END
FROM tasks AS t WHERE t.batch_id = (SELECT MAX(id) FROM batches);
UPDATE batch_models SET tasks = 1000000 WHERE batch_id = (SELECT MAX(id) FROM batches);
DELETE FROM task_tallies WHERE batch_id = (SELECT MAX(id) FROM batches);
INSERT INTO task_tallies (batch_id, outcome, failure_type, party, model_id, block, tasks)
SELECT batch_id, status, COALESCE(failure_type, ''), COALESCE(party, ''), model_id, (task_no - 1) / 500, COUNT(*)
FROM tasks WHERE batch_id = (SELECT MAX(id) FROM batches) GROUP BY 1, 2, 3, 4, 5, 6;
INSERT INTO batch_failures (batch_id, failure_type, party, tasks, credits, cost_microusd)
SELECT batch_id, failure_type, party, COUNT(*), 49 * COUNT(*), 117600 * COUNT(*) FROM tasks
WHERE status = 'failed' AND batch_id = (SELECT MAX(id) FROM batches) GROUP BY 1, 2, 3;
UPDATE batches SET status = 'partial', total = 1000000, pending = 0, processing = 0, canceled = 0, next_task_no = 1000001,
    succeeded = (SELECT COUNT(*) FROM tasks WHERE batch_id = batches.id AND status = 'succeeded'), failed = (SELECT COUNT(*) FROM tasks WHERE batch_id = batches.id AND status = 'failed'),
    credits_held = 49000000, credits_charged = 49 * (SELECT COUNT(*) FROM tasks WHERE batch_id = batches.id AND status = 'succeeded'),
    credits_refunded = 49 * (SELECT COUNT(*) FROM tasks WHERE batch_id = batches.id AND status = 'failed'),
    started_at_us = 1795000000000000, finished_at_us = 1795000100000000
WHERE id = (SELECT MAX(id) FROM batches);
ANALYZE;
