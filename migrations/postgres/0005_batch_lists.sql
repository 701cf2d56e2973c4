-- What operators' lists of batches sort and filter by, and the views of them that a team shares.

-- Finished batches, narrow, with an index for every order and filter. Apart from batches, whose rows change at every settlement:
-- an index on what changes there would be written each time. Kept by the triggers below; open batches are few and read as they are.
CREATE TABLE finished_batches (
    batch_id         BIGINT PRIMARY KEY REFERENCES batches (id), -- which batch
    customer_id      BIGINT NOT NULL, -- whose
    status           TEXT   NOT NULL CHECK (status IN ('completed', 'partial', 'failed', 'canceled')), -- how it ended
    created_at_us    BIGINT NOT NULL, -- submitted
    finished_at_us   BIGINT NOT NULL, -- last task settled
    duration_us      BIGINT NOT NULL, -- from the one to the other
    total            BIGINT NOT NULL, -- tasks
    succeeded        BIGINT NOT NULL, -- tasks charged
    failed           BIGINT NOT NULL, -- tasks refunded
    canceled         BIGINT NOT NULL, -- tasks that never ran, refunded
    credits_charged  BIGINT NOT NULL, -- taken for successes
    credits_refunded BIGINT NOT NULL, -- given back
    revenue_microusd BIGINT NOT NULL, -- what was paid for the charged credits
    cost_microusd    BIGINT NOT NULL, -- provider cost of all attempts
    profit_microusd  BIGINT NOT NULL, -- revenue less cost
    margin_permille  BIGINT NOT NULL  -- profit per thousand of revenue; -1000000000 where there is no revenue
);
CREATE INDEX finished_batches_by_status ON finished_batches (status, batch_id);
CREATE INDEX finished_batches_by_customer ON finished_batches (customer_id, batch_id);
CREATE INDEX finished_batches_by_customer_status ON finished_batches (customer_id, status, batch_id);
CREATE INDEX finished_batches_by_finished ON finished_batches (finished_at_us, batch_id);
CREATE INDEX finished_batches_by_duration ON finished_batches (duration_us, batch_id);
CREATE INDEX finished_batches_by_failed ON finished_batches (failed, batch_id);
CREATE INDEX finished_batches_by_refunded ON finished_batches (credits_refunded, batch_id);
CREATE INDEX finished_batches_by_profit ON finished_batches (profit_microusd, batch_id);
CREATE INDEX finished_batches_by_margin ON finished_batches (margin_permille, batch_id);
CREATE INDEX finished_batches_with_failures ON finished_batches (batch_id, status) WHERE failed > 0;
CREATE INDEX finished_batches_with_refunds ON finished_batches (batch_id, status, credits_refunded) WHERE credits_refunded > 0;
CREATE INDEX finished_batches_with_losses ON finished_batches (batch_id, status) WHERE profit_microusd < 0;

-- Turns days into a range of keys. Neither column changes.
CREATE INDEX batches_by_created ON batches (created_at_us, id);
-- From a model, or from a failure, to its batches.
CREATE INDEX batch_models_by_model ON batch_models (model_id, batch_id);
CREATE INDEX batch_failures_by_party ON batch_failures (party, batch_id);
CREATE INDEX batch_failures_by_type ON batch_failures (failure_type, batch_id);

INSERT INTO finished_batches
SELECT id, customer_id, status, created_at_us, finished_at_us, finished_at_us - created_at_us, total, succeeded, failed, canceled,
    credits_charged, credits_refunded, revenue_microusd, cost_succeeded_microusd + cost_failed_microusd,
    revenue_microusd - cost_succeeded_microusd - cost_failed_microusd,
    CASE WHEN revenue_microusd > 0
        THEN (revenue_microusd - cost_succeeded_microusd - cost_failed_microusd) * 1000 / revenue_microusd ELSE -1000000000 END
FROM batches WHERE finished_at_us IS NOT NULL;

-- The last settlement of a batch, and any reversal after it.
CREATE FUNCTION keep_finished_batch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO finished_batches VALUES (
        NEW.id, NEW.customer_id, NEW.status, NEW.created_at_us, NEW.finished_at_us, NEW.finished_at_us - NEW.created_at_us, NEW.total,
        NEW.succeeded, NEW.failed, NEW.canceled, NEW.credits_charged, NEW.credits_refunded, NEW.revenue_microusd,
        NEW.cost_succeeded_microusd + NEW.cost_failed_microusd,
        NEW.revenue_microusd - NEW.cost_succeeded_microusd - NEW.cost_failed_microusd,
        CASE WHEN NEW.revenue_microusd > 0
            THEN (NEW.revenue_microusd - NEW.cost_succeeded_microusd - NEW.cost_failed_microusd) * 1000 / NEW.revenue_microusd
            ELSE -1000000000 END)
    ON CONFLICT (batch_id) DO UPDATE SET status = excluded.status, finished_at_us = excluded.finished_at_us,
        duration_us = excluded.duration_us, succeeded = excluded.succeeded, failed = excluded.failed, canceled = excluded.canceled,
        credits_charged = excluded.credits_charged, credits_refunded = excluded.credits_refunded,
        revenue_microusd = excluded.revenue_microusd, cost_microusd = excluded.cost_microusd,
        profit_microusd = excluded.profit_microusd, margin_permille = excluded.margin_permille;
    RETURN NULL;
END $$;
CREATE TRIGGER batches_finished AFTER UPDATE ON batches FOR EACH ROW WHEN (NEW.finished_at_us IS NOT NULL)
    EXECUTE FUNCTION keep_finished_batch();

-- Views of a list that the team shares: a name, and the query of the address.
CREATE TABLE saved_views (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- inside the database, and in the form that deletes it
    name          TEXT   NOT NULL UNIQUE CHECK (name <> ''), -- as the team calls it
    query         TEXT   NOT NULL, -- what stands behind the question mark
    created_by    TEXT   NOT NULL, -- who saved it
    created_at_us BIGINT NOT NULL  -- when
);
