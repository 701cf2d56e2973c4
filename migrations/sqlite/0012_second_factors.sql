-- The second step of a sign-in, and the link with which the first owner is made. The confirmed secret and the last step that was
-- used have been columns of operators since 0009.

ALTER TABLE operators ADD COLUMN totp_offered TEXT;          -- base32: a secret that waits to be confirmed by a code
ALTER TABLE operators ADD COLUMN totp_offered_at_us BIGINT;  -- when it was offered

-- Recovery codes: each stands in for a code of the second factor once.
CREATE TABLE operator_recovery_codes (
    operator_id BIGINT NOT NULL REFERENCES operators (id),   -- whose
    code_sha256 TEXT   NOT NULL,                             -- hex SHA-256 of the code, without its dashes
    used_at_us  BIGINT,                                      -- when it was used
    PRIMARY KEY (operator_id, code_sha256)
);

-- Sign-ins whose password was right and whose code is still to come. They open nothing, and are gone when they are used.
CREATE TABLE sign_in_steps (
    token_sha256  TEXT   PRIMARY KEY NOT NULL,               -- hex SHA-256 of a cookie
    operator_id   BIGINT NOT NULL REFERENCES operators (id), -- who gave the password
    expires_at_us BIGINT NOT NULL                            -- the code is taken until then
);
CREATE INDEX sign_in_steps_by_operator ON sign_in_steps (operator_id);
CREATE INDEX sign_in_steps_by_time ON sign_in_steps (expires_at_us);

-- The link with which the first owner is made: the one of the latest start, and gone when it is used.
CREATE TABLE first_links (
    token_sha256  TEXT   PRIMARY KEY NOT NULL,               -- hex SHA-256 of what the link ends with
    expires_at_us BIGINT NOT NULL                            -- good until then
);
