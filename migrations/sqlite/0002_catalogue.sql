-- The catalogue's first rows. In force since 2026-01-01 00:00 UTC. A new price, route or package is a new row.

INSERT INTO models (name, batch_min, target_p95_s, deadline_s, available_from_us, retires_at_us, successor_id) VALUES
    ('sora-2', 10, 120, 900, 1767225600000000, NULL, NULL),
    ('veo-pro', 5, 600, 2400, 1767225600000000, NULL, NULL);

INSERT INTO prices (model_id, credits, effective_from_us)
SELECT id, CASE name WHEN 'sora-2' THEN 49 ELSE 599 END, 1767225600000000 FROM models ORDER BY id;

-- Unit costs of US$0.1176 and US$2.5158. A gateway gives back what failed; moderation after generation and jobs that we gave
-- up may be billed.
INSERT INTO routes (model_id, provider, upstream_model, unit_cost_microusd, billed_failed, billed_content_input, billed_content_output,
    billed_timeout, concurrency_max, submits_per_min_max, effective_from_us, effective_to_us, paused_until_us, paused_reason)
SELECT id, 'gateway', CASE name WHEN 'sora-2' THEN 'sora-2' ELSE 'veo-3.1-generate' END, CASE name WHEN 'sora-2' THEN 117600 ELSE 2515800 END,
    'free', 'free', 'charged', 'uncertain', 200, 3000, 1767225600000000, NULL, NULL, NULL
FROM models ORDER BY id;

-- 380, 1,050 and 2,300 times a veo-pro video at 599 credits.
INSERT INTO packages (name, paid_microusd, credits, effective_from_us, effective_to_us) VALUES
    ('Starter', 2000000000, 227620, 1767225600000000, NULL),
    ('Growth', 5000000000, 628950, 1767225600000000, NULL),
    ('Scale', 10000000000, 1377700, 1767225600000000, NULL);
