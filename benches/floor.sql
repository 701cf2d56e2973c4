-- Claims and settles every task of batches first..last, a group per commit: `batches_per_group` batches, `tasks_per_group` tasks
-- of each. 8 % fail. `accepts`: a provider takes each task first. Plain loops over primary keys, plans kept.
SET plan_cache_mode = force_generic_plan;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_seqscan = off;
SET random_page_cost = 0;
SET jit = off;

CREATE PROCEDURE floor_groups(first BIGINT, last BIGINT, batches_per_group BIGINT, tasks_per_group BIGINT, tasks_per_batch BIGINT, accepts BOOLEAN)
LANGUAGE plpgsql AS $$
DECLARE
    b1 BIGINT; b2 BIGINT; n1 INTEGER; n2 INTEGER; now_us BIGINT;
    revenue BIGINT := (SELECT id FROM ledger_accounts WHERE kind = 'revenue');
    model BIGINT := (SELECT DISTINCT model_id FROM batch_models);
    keys BIGINT[]; oks BIGINT[]; bads BIGINT[]; captures BIGINT[]; releases BIGINT[];
BEGIN
    b1 := first;
    WHILE b1 <= last LOOP
        b2 := LEAST(b1 + batches_per_group - 1, last);
        n1 := 1;
        WHILE n1 <= tasks_per_batch LOOP
            n2 := LEAST(n1 + tasks_per_group - 1, tasks_per_batch);
            now_us := (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint;

            keys := ARRAY(SELECT b FROM generate_series(b1, b2) AS b);

            -- Claim.
            UPDATE tasks AS t SET status = 'submitting', lease_owner = 1, attempts = t.attempts + 1, started_at_us = now_us
            FROM unnest(keys) AS b WHERE t.batch_id = b AND t.task_no BETWEEN n1 AND n2 AND t.status = 'pending';
            INSERT INTO attempts (batch_id, route_id, sent_at_us, cost_microusd, task_no, attempt_no, state)
            SELECT b, 1, now_us, 0, n, 1, 'open' FROM generate_series(b1, b2) AS b, generate_series(n1, n2) AS n;
            UPDATE batches AS h SET status = 'processing', pending = h.pending - (n2 - n1 + 1), processing = h.processing + (n2 - n1 + 1),
                next_task_no = n2 + 1, claimed_at_us = now_us, started_at_us = COALESCE(h.started_at_us, now_us)
            FROM unnest(keys) AS b WHERE h.id = b;

            IF accepts THEN
                UPDATE tasks AS t SET status = 'processing'
                FROM unnest(keys) AS b
                WHERE t.batch_id = b AND t.task_no BETWEEN n1 AND n2 AND t.lease_owner = 1 AND t.status = 'submitting';
                UPDATE attempts AS a SET provider_job = 'video_' || lpad((b * 100000 + a.task_no)::text, 32, '0'), accepted_at_us = now_us
                FROM unnest(keys) AS b
                WHERE a.batch_id = b AND a.task_no BETWEEN n1 AND n2 AND a.attempt_no = 1 AND a.state = 'open';
            END IF;

            -- Settle.
            UPDATE tasks AS t SET status = CASE WHEN (b * 20 + t.task_no) % 25 < 2 THEN 'failed' ELSE 'succeeded' END,
                failure_type = CASE WHEN (b * 20 + t.task_no) % 25 < 2 THEN 'model_error' END,
                party = CASE WHEN (b * 20 + t.task_no) % 25 < 2 THEN 'provider' END, lease_owner = NULL, finished_at_us = now_us
            FROM unnest(keys) AS b
            WHERE t.batch_id = b AND t.task_no BETWEEN n1 AND n2 AND t.lease_owner = 1 AND t.status IN ('submitting', 'processing');
            UPDATE attempts AS a SET finished_at_us = now_us, state = CASE WHEN (b * 20 + a.task_no) % 25 < 2 THEN 'failed' ELSE 'succeeded' END,
                billed = CASE WHEN (b * 20 + a.task_no) % 25 < 2 THEN 'free' ELSE 'charged' END, cost_microusd = CASE WHEN (b * 20 + a.task_no) % 25 < 2 THEN 0 ELSE 117600 END,
                failure_type = CASE WHEN (b * 20 + a.task_no) % 25 < 2 THEN 'model_error' END, party = CASE WHEN (b * 20 + a.task_no) % 25 < 2 THEN 'provider' END,
                http_status = CASE WHEN (b * 20 + a.task_no) % 25 < 2 THEN 200 END, provider_code = CASE WHEN (b * 20 + a.task_no) % 25 < 2 THEN 'generation_failed' END,
                provider_message = CASE WHEN (b * 20 + a.task_no) % 25 < 2 THEN 'The generation of this video failed. Try again later.' END,
                provider_request_id = CASE WHEN (b * 20 + a.task_no) % 25 < 2 THEN 'req_' || lpad((b * 100000 + a.task_no)::text, 32, '0') END,
                rule = CASE WHEN (b * 20 + a.task_no) % 25 < 2 THEN 'code generation_failed' END,
                output_url = CASE WHEN (b * 20 + a.task_no) % 25 >= 2
                    THEN 'https://upstream.example/v1/videos/video_' || lpad((b * 100000 + a.task_no)::text, 32, '0') || '/content' END,
                output_expires_at_us = CASE WHEN (b * 20 + a.task_no) % 25 >= 2 THEN 1800000000000000 END
            FROM unnest(keys) AS b
            WHERE a.batch_id = b AND a.task_no BETWEEN n1 AND n2 AND a.attempt_no = 1 AND a.state = 'open';

            -- Captures and releases of each batch, and the keys of their transactions.
            SELECT array_agg(s.ok), array_agg(s.bad) INTO oks, bads
            FROM (
                SELECT b, COUNT(*) FILTER (WHERE (b * 20 + n) % 25 >= 2) AS ok, COUNT(*) FILTER (WHERE (b * 20 + n) % 25 < 2) AS bad
                FROM generate_series(b1, b2) AS b, generate_series(n1, n2) AS n GROUP BY b ORDER BY b
            ) AS s;
            SELECT array_agg(nextval('ledger_transaction_ids')) INTO captures FROM generate_series(b1, b2);
            SELECT array_agg(nextval('ledger_transaction_ids')) INTO releases FROM generate_series(b1, b2);

            -- Hold, grant, lines, entries, transactions, accounts.
            UPDATE hold_draws AS d SET captured = d.captured + u.ok * 49, released = d.released + u.bad * 49
            FROM unnest(keys, oks, bads) AS u(b, ok, bad) WHERE d.batch_id = u.b AND d.seq = 1;
            UPDATE grants AS g SET held = g.held - (u.ok + u.bad) * 49, captured = g.captured + u.ok * 49, available = g.available + u.bad * 49
            FROM unnest(keys, oks, bads) AS u(b, ok, bad) JOIN hold_draws AS d ON d.batch_id = u.b AND d.seq = 1 WHERE g.id = d.grant_id;
            INSERT INTO ledger_lines (batch_id, transaction_id, credits, revenue_microusd, task_no, step, kind)
            SELECT u.b, CASE WHEN (u.b * 20 + n) % 25 < 2 THEN u.r ELSE u.c END, 49, CASE WHEN (u.b * 20 + n) % 25 < 2 THEN 0 ELSE 490000 END,
                n, 0, CASE WHEN (u.b * 20 + n) % 25 < 2 THEN 'release' ELSE 'capture' END
            FROM unnest(keys, captures, releases) AS u(b, c, r), generate_series(n1, n2) AS n;
            INSERT INTO ledger_entries (transaction_id, account_id, credits, balance_after)
            SELECT e.t, e.account, e.credits, e.after
            FROM unnest(keys, oks, bads, captures, releases) AS u(b, ok, bad, c, r)
            JOIN batches AS h ON h.id = u.b
            JOIN ledger_accounts AS held ON held.customer_id = h.customer_id AND held.kind = 'held'
            JOIN ledger_accounts AS free ON free.customer_id = h.customer_id AND free.kind = 'available'
            CROSS JOIN LATERAL (VALUES
                (u.c, held.id, -u.ok * 49, held.balance - u.ok * 49), (u.c, revenue, u.ok * 49, NULL),
                (u.r, held.id, -u.bad * 49, held.balance - (u.ok + u.bad) * 49), (u.r, free.id, u.bad * 49, free.balance + u.bad * 49)
            ) AS e(t, account, credits, after)
            WHERE e.credits <> 0;
            INSERT INTO ledger_transactions (id, public_id, kind, customer_id, batch_id, credits, revenue_microusd, tasks, actor, created_at_us)
            SELECT e.t, 'txn_' || lpad(e.t::text, 26, '0'), e.kind, h.customer_id, u.b, e.tasks * 49, e.paid, e.tasks, 'settlement', now_us
            FROM unnest(keys, oks, bads, captures, releases) AS u(b, ok, bad, c, r)
            JOIN batches AS h ON h.id = u.b
            CROSS JOIN LATERAL (VALUES (u.c, 'capture', u.ok, u.ok * 490000), (u.r, 'release', u.bad, 0)) AS e(t, kind, tasks, paid)
            WHERE e.tasks > 0;
            UPDATE ledger_accounts AS a SET balance = a.balance + CASE a.kind WHEN 'held' THEN -(u.ok + u.bad) * 49 ELSE u.bad * 49 END
            FROM unnest(keys, oks, bads) AS u(b, ok, bad) JOIN batches AS h ON h.id = u.b WHERE a.customer_id = h.customer_id;

            -- Tallies, counters and events. A group is one block of a batch, or less.
            INSERT INTO task_tallies (batch_id, outcome, failure_type, party, model_id, block, tasks)
            SELECT u.b, e.outcome, e.failure_type, e.party, model, (n1 - 1) / 500, e.tasks
            FROM unnest(keys, oks, bads) AS u(b, ok, bad)
            CROSS JOIN LATERAL (VALUES ('succeeded', '', '', u.ok), ('failed', 'model_error', 'provider', u.bad)) AS e(outcome, failure_type, party, tasks)
            WHERE e.tasks > 0
            ON CONFLICT (batch_id, outcome, failure_type, party, model_id, block) DO UPDATE SET tasks = task_tallies.tasks + excluded.tasks;
            INSERT INTO batch_failures (batch_id, failure_type, party, tasks, credits, cost_microusd)
            SELECT u.b, 'model_error', 'provider', u.bad, u.bad * 49, 0 FROM unnest(keys, bads) AS u(b, bad) WHERE u.bad > 0
            ON CONFLICT (batch_id, failure_type, party) DO UPDATE SET tasks = batch_failures.tasks + excluded.tasks,
                credits = batch_failures.credits + excluded.credits, cost_microusd = batch_failures.cost_microusd + excluded.cost_microusd;
            UPDATE batches AS h SET processing = h.processing - u.ok - u.bad, succeeded = h.succeeded + u.ok, failed = h.failed + u.bad,
                credits_charged = h.credits_charged + u.ok * 49, credits_refunded = h.credits_refunded + u.bad * 49,
                revenue_microusd = h.revenue_microusd + u.ok * 490000, cost_succeeded_microusd = h.cost_succeeded_microusd + u.ok * 117600,
                status = CASE WHEN n2 < tasks_per_batch THEN 'processing' WHEN h.failed + u.bad > 0 THEN 'partial' ELSE 'completed' END,
                finished_at_us = CASE WHEN n2 = tasks_per_batch THEN now_us END
            FROM unnest(keys, oks, bads) AS u(b, ok, bad) WHERE h.id = u.b;
            INSERT INTO events (public_id, type, customer_id, batch_id, payload, created_at_us)
            SELECT 'evt_' || lpad(nextval('ledger_transaction_ids')::text, 26, '0'), e.type, h.customer_id, h.id,
                '{"batch_id":"' || h.public_id || '","counts":{"canceled":0,"failed":' || h.failed || ',"pending":' || h.pending
                || ',"processing":' || h.processing || ',"succeeded":' || h.succeeded || ',"total":' || h.total || '},"credits":{"charged":'
                || h.credits_charged || ',"held":' || h.credits_held || ',"open":0,"refunded":' || h.credits_refunded || '},"status":"'
                || h.status || '"}', now_us
            FROM unnest(keys, bads) AS u(b, bad) JOIN batches AS h ON h.id = u.b
            CROSS JOIN LATERAL (VALUES ('batch.refunded', u.bad > 0), ('batch.' || h.status, n2 = tasks_per_batch)) AS e(type, happened)
            WHERE e.happened;
            COMMIT;
            n1 := n2 + 1;
        END LOOP;
        b1 := b2 + 1;
    END LOOP;
END $$;
