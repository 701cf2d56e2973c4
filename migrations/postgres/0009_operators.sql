-- Who works in the console, how they get in, and what they asked others to approve.

-- Operators.
CREATE TABLE operators (
    id               BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- inside the database rows join on this
    public_id        TEXT   NOT NULL UNIQUE,                 -- opr_…
    email            TEXT   NOT NULL UNIQUE CHECK (email <> '' AND email = lower(email)), -- what they sign in with; the books call them so
    name             TEXT   NOT NULL,                        -- as colleagues call them
    role             TEXT   NOT NULL CHECK (role IN ('owner', 'finance', 'support', 'viewer')), -- what they may do
    password_hash    TEXT,                                   -- argon2id with its parameters and salt; none was set yet
    totp_secret      TEXT,                                   -- base32: the second factor, once it is confirmed
    totp_step        BIGINT NOT NULL DEFAULT 0,              -- the last step that was used; no code is good twice
    oidc_subject     TEXT   UNIQUE,                          -- issuer and subject, where somebody else vouches for them
    created_at_us    BIGINT NOT NULL,                        -- when they were added
    disabled_at_us   BIGINT                                  -- since when they are kept out
);

-- One-time links to set a password.
CREATE TABLE operator_links (
    token_sha256  TEXT   PRIMARY KEY NOT NULL,               -- hex SHA-256 of what the link ends with
    operator_id   BIGINT NOT NULL REFERENCES operators (id), -- whose
    expires_at_us BIGINT NOT NULL,                           -- good until then
    used_at_us    BIGINT                                     -- when it was used, or another took its place
);
CREATE INDEX operator_links_by_operator ON operator_links (operator_id) WHERE used_at_us IS NULL;

-- Sign-ins. The browser has the token, the database its hash.
CREATE TABLE operator_sessions (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- inside the database rows join on this
    public_id     TEXT   NOT NULL UNIQUE,                    -- ses_…
    token_sha256  TEXT   NOT NULL UNIQUE,                    -- hex SHA-256 of the token
    operator_id   BIGINT NOT NULL REFERENCES operators (id), -- whose
    created_at_us BIGINT NOT NULL,                           -- when they signed in
    seen_at_us    BIGINT NOT NULL,                           -- last used, to the minute
    proven_at_us  BIGINT NOT NULL,                           -- when the password was last given
    address       TEXT,                                      -- where from, at the sign-in
    agent         TEXT   NOT NULL,                           -- what the browser calls itself
    ended_at_us   BIGINT                                     -- signed out, or ended by somebody
);
CREATE INDEX operator_sessions_by_operator ON operator_sessions (operator_id, id) WHERE ended_at_us IS NULL;

-- Tokens for scripts that use the operators' API. Printed once.
CREATE TABLE operator_tokens (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- inside the database rows join on this
    token_sha256  TEXT   NOT NULL UNIQUE,                    -- hex SHA-256 of the token
    operator_id   BIGINT NOT NULL REFERENCES operators (id), -- for whom it acts, with their role
    name          TEXT   NOT NULL CHECK (name <> ''),        -- what it is for
    created_at_us BIGINT NOT NULL,                           -- when it was made
    revoked_at_us BIGINT                                     -- since when it is not good any more
);
CREATE INDEX operator_tokens_by_operator ON operator_tokens (operator_id, id);

-- Browsers that an operator has signed in with before. Guesses made elsewhere do not slow them down.
CREATE TABLE operator_devices (
    token_sha256 TEXT   NOT NULL,                            -- hex SHA-256 of a cookie that opens nothing
    operator_id  BIGINT NOT NULL REFERENCES operators (id),  -- who
    seen_at_us   BIGINT NOT NULL,                            -- last sign-in
    PRIMARY KEY (token_sha256, operator_id)
);

-- Refused sign-ins, by account and address, by address, and by known browser.
CREATE TABLE sign_in_refusals (
    who        TEXT   PRIMARY KEY NOT NULL,                  -- hex SHA-256 of what is counted
    refusals   BIGINT NOT NULL CHECK (refusals > 0),         -- in a row
    last_at_us BIGINT NOT NULL,                              -- the last one
    free_at_us BIGINT NOT NULL                               -- nothing is looked at before
);
CREATE INDEX sign_in_refusals_by_time ON sign_in_refusals (last_at_us);

-- Changes of credits that are large enough to wait for a second operator. They reach the ledger when one approves.
CREATE TABLE credit_requests (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- inside the database rows join on this
    public_id     TEXT   NOT NULL UNIQUE,                    -- crq_…
    customer_id   BIGINT NOT NULL REFERENCES customers (id), -- whose credits
    change        TEXT   NOT NULL,                           -- JSON: what is asked for
    credits       BIGINT NOT NULL CHECK (credits > 0),       -- how many are added or taken back
    asked_by_id   BIGINT NOT NULL REFERENCES operators (id), -- who asked
    asked_at_us   BIGINT NOT NULL,                           -- when
    decision      TEXT   CHECK (decision IN ('approved', 'refused')), -- what the second operator said
    decided_by_id BIGINT REFERENCES operators (id),          -- the second operator: never the one who asked
    decided_at_us BIGINT,                                    -- when
    CHECK (decided_by_id <> asked_by_id),
    CHECK ((decision IS NULL) = (decided_by_id IS NULL) AND (decision IS NULL) = (decided_at_us IS NULL))
);
CREATE INDEX credit_requests_open ON credit_requests (id) WHERE decision IS NULL;
