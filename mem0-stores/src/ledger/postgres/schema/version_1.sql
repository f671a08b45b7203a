-- The ledger, version 1. Times are microseconds since 1970, vectors are
-- little-endian 32-bit floats. What may hold any character, NUL included, is
-- bytea; JSON writes NUL as \u0000.

-- Each value is a block of 1024 numbers, of which a commit takes as many as it
-- needs. Their order is the order of commits within a scope; over all scopes it
-- is that of what has ended, as whoever reads the log waits for what is under
-- way.
CREATE SEQUENCE ledger_numbers;

CREATE TABLE ledger_identities (
    identity_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model text NOT NULL,
    dims bigint NOT NULL,
    digest text NOT NULL,
    UNIQUE (model, dims, digest)
);

-- One row. identity_no: the model whose vectors are current. projection: JSON.
CREATE TABLE ledger_state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    identity_no bigint,
    projection text
);
INSERT INTO ledger_state DEFAULT VALUES;

-- Locked by whoever changes what is in the scope. owner_no: whose keyword index
-- it is. live, deleted, superseded: memories; terms: of the live ones' texts.
CREATE TABLE ledger_scopes (
    scope_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key bytea NOT NULL UNIQUE,
    owner_no bigint NOT NULL,
    org_id text,
    app_id text,
    user_id text,
    agent_id text,
    run_id text,
    revision bigint NOT NULL DEFAULT 0,
    events bigint NOT NULL DEFAULT 0,
    live bigint NOT NULL DEFAULT 0,
    deleted bigint NOT NULL DEFAULT 0,
    superseded bigint NOT NULL DEFAULT 0,
    terms bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 70);
CREATE INDEX ledger_scopes_user ON ledger_scopes (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX ledger_scopes_agent ON ledger_scopes (agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX ledger_scopes_run ON ledger_scopes (run_id) WHERE run_id IS NOT NULL;

-- Where each memory stands: what folding its events gives, so that reads need
-- not fold. mem_no: the number of its first event. state: 0 live, 1 deleted,
-- 2 superseded. vector_seq: the event that brought the vector. terms, postings:
-- the length of the text in terms, and how many of them are distinct.
CREATE TABLE ledger_memories (
    mem_no bigint PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    scope_no bigint NOT NULL,
    version bigint NOT NULL,
    head bigint NOT NULL,
    vector_seq bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    expires_at bigint,
    terms bigint NOT NULL,
    postings bigint NOT NULL,
    dedup_key bytea,
    state smallint NOT NULL
);
CREATE INDEX ledger_memories_scope ON ledger_memories (scope_no);
CREATE INDEX ledger_memories_created ON ledger_memories (scope_no, created_at, id) WHERE state = 0;
CREATE INDEX ledger_memories_updated ON ledger_memories (scope_no, updated_at, id) WHERE state = 0;
CREATE INDEX ledger_memories_expiring ON ledger_memories (scope_no, expires_at)
    WHERE state = 0 AND expires_at IS NOT NULL;
CREATE UNIQUE INDEX ledger_memories_dedup ON ledger_memories (scope_no, dedup_key)
    WHERE state = 0 AND dedup_key IS NOT NULL;

-- The log: one row per change, which is one version. superseded_at and
-- ended_at are learnt from the event that follows; the given_ columns, reason
-- and sources (JSON) are the change as it came. kind: 1 add, 2 update,
-- 3 delete, 4 supersede, 5 undo. content: JSON.
CREATE TABLE ledger_events (
    seq bigint NOT NULL UNIQUE,
    mem_no bigint NOT NULL,
    version bigint NOT NULL,
    scope_no bigint NOT NULL,
    vector_seq bigint NOT NULL,
    at bigint NOT NULL,
    superseded_at bigint,
    ended_at bigint,
    given_ended_at bigint,
    given_created_at bigint,
    txn uuid NOT NULL,
    kind smallint NOT NULL,
    given_dedup_key bytea,
    reason bytea,
    sources text,
    content text,
    PRIMARY KEY (mem_no, version)
);
CREATE INDEX ledger_events_scope ON ledger_events (scope_no, seq);
CREATE INDEX ledger_events_txn ON ledger_events (txn);

-- seq: the event that brought the vector.
CREATE TABLE ledger_vectors (
    seq bigint NOT NULL,
    identity_no bigint NOT NULL,
    vector bytea NOT NULL,
    PRIMARY KEY (seq, identity_no)
);
-- Floats do not compress.
ALTER TABLE ledger_vectors ALTER COLUMN vector SET STORAGE EXTERNAL;

-- The keyword index of the live memories. tf: how often the text has the term;
-- len: how many terms it has. A search reads the index and not the table.
CREATE TABLE ledger_postings (
    owner_no bigint NOT NULL,
    term bigint NOT NULL,
    scope_no bigint NOT NULL,
    mem_no bigint NOT NULL,
    tf integer NOT NULL,
    len integer NOT NULL,
    PRIMARY KEY (owner_no, term, scope_no, mem_no) INCLUDE (tf, len)
);

-- What the vector store may not have yet, in the order of events. scope: JSON,
-- only of what was erased and has no scope_no any more.
CREATE TABLE ledger_outbox (
    id uuid PRIMARY KEY,
    seq bigint NOT NULL UNIQUE,
    scope_no bigint,
    version bigint NOT NULL,
    not_before bigint,
    claim_until bigint,
    attempts integer NOT NULL DEFAULT 0,
    claim_owner bytea,
    scope text
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000);
CREATE INDEX ledger_outbox_scope ON ledger_outbox (scope_no);

-- msg_no is the order of arrival.
CREATE TABLE ledger_messages (
    scope_no bigint NOT NULL,
    message_id bytea NOT NULL,
    msg_no bigint GENERATED ALWAYS AS IDENTITY,
    at bigint NOT NULL,
    role text NOT NULL,
    name bytea,
    content bytea NOT NULL,
    PRIMARY KEY (scope_no, message_id)
);
CREATE INDEX ledger_messages_time ON ledger_messages (scope_no, at, msg_no);

CREATE TABLE ledger_idempotency (
    scope_no bigint NOT NULL,
    key bytea NOT NULL,
    digest bytea NOT NULL,
    txn uuid NOT NULL,
    outcomes text NOT NULL,
    PRIMARY KEY (scope_no, key)
);

-- job_no is the order of arrival. state: 0 queued, 1 running, 2 done, 3 failed,
-- 4 cancelled. leads: whether it is the first of its scope that has not ended,
-- which holds back the others. payload, outcome: JSON; the payload goes when the
-- job ends.
CREATE TABLE ledger_jobs (
    job_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    scope_no bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    not_before bigint,
    lease_until bigint,
    attempts integer NOT NULL,
    state smallint NOT NULL,
    leads boolean NOT NULL,
    lease_owner bytea,
    payload text,
    outcome text
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000);
CREATE INDEX ledger_jobs_created ON ledger_jobs (created_at, id);
CREATE INDEX ledger_jobs_scope ON ledger_jobs (scope_no, created_at, id);
CREATE INDEX ledger_jobs_open ON ledger_jobs (scope_no, job_no) WHERE state < 2;
CREATE INDEX ledger_jobs_leading ON ledger_jobs (job_no) WHERE leads;
CREATE INDEX ledger_jobs_ended ON ledger_jobs (updated_at) WHERE state >= 2;

-- period: when it begins.
CREATE TABLE ledger_spending (
    scope_no bigint NOT NULL,
    period bigint NOT NULL,
    calls bigint NOT NULL,
    tokens bigint NOT NULL,
    PRIMARY KEY (scope_no, period)
);
