-- The ledger, version 1. Times are microseconds since 1970, ids are 16 bytes,
-- vectors are little-endian 32-bit floats.

-- last_seq: the number of the newest event, also after its erasure.
-- identity: the model whose vectors are current. projection: JSON.
-- unscrubbed: something was erased of which the file may still have traces.
CREATE TABLE ledger_meta (
    key TEXT NOT NULL PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO ledger_meta (key, value) VALUES ('last_seq', 0);

CREATE TABLE ledger_identities (
    identity_no INTEGER PRIMARY KEY,
    model TEXT NOT NULL,
    dims INTEGER NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (model, dims, digest)
) STRICT;

-- Whose keyword index it is: the user with application and organisation, else
-- the agent, else the run.
CREATE TABLE ledger_owners (
    owner_no INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE
) STRICT;

-- live, terms: the number of live memories and the terms of their texts.
CREATE TABLE ledger_scopes (
    scope_no INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    org_id TEXT,
    app_id TEXT,
    user_id TEXT,
    agent_id TEXT,
    run_id TEXT,
    owner_no INTEGER NOT NULL REFERENCES ledger_owners,
    revision INTEGER NOT NULL DEFAULT 0,
    live INTEGER NOT NULL DEFAULT 0,
    terms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX ledger_scopes_user ON ledger_scopes (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX ledger_scopes_agent ON ledger_scopes (agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX ledger_scopes_run ON ledger_scopes (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX ledger_scopes_owner ON ledger_scopes (owner_no);

-- Where each memory stands: what folding its events gives, so that reads need
-- not fold. state: 0 live, 1 deleted, 2 superseded. vector_seq: the event that
-- brought the vector. terms, postings: the length of the text in terms, and
-- how many of them are distinct.
CREATE TABLE ledger_memories (
    mem_no INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    scope_no INTEGER NOT NULL REFERENCES ledger_scopes,
    version INTEGER NOT NULL,
    state INTEGER NOT NULL,
    head INTEGER NOT NULL,
    vector_seq INTEGER NOT NULL,
    dedup_key BLOB,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER,
    terms INTEGER NOT NULL,
    postings INTEGER NOT NULL
) STRICT;
CREATE INDEX ledger_memories_scope ON ledger_memories (scope_no, state);
CREATE INDEX ledger_memories_created ON ledger_memories (scope_no, created_at, id) WHERE state = 0;
CREATE INDEX ledger_memories_updated ON ledger_memories (scope_no, updated_at, id) WHERE state = 0;
CREATE INDEX ledger_memories_expiring ON ledger_memories (scope_no, expires_at)
    WHERE state = 0 AND expires_at IS NOT NULL;
CREATE UNIQUE INDEX ledger_memories_dedup ON ledger_memories (scope_no, dedup_key)
    WHERE state = 0 AND dedup_key IS NOT NULL;

-- The events of a commit are those from first_seq to last_seq.
CREATE TABLE ledger_commits (
    commit_no INTEGER PRIMARY KEY,
    txn BLOB NOT NULL,
    scope_no INTEGER NOT NULL REFERENCES ledger_scopes,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX ledger_commits_txn ON ledger_commits (txn);
CREATE INDEX ledger_commits_scope ON ledger_commits (scope_no, last_seq);

-- The log: one row per change, which is one version. superseded_at and
-- ended_at are learnt from the event that follows; the given_ columns and
-- reason are the change as it came. kind: 1 add, 2 update, 3 delete,
-- 4 supersede, 5 undo.
CREATE TABLE ledger_events (
    seq INTEGER PRIMARY KEY,
    mem_no INTEGER NOT NULL REFERENCES ledger_memories,
    version INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    commit_no INTEGER NOT NULL,
    at INTEGER NOT NULL,
    content TEXT,
    vector_seq INTEGER NOT NULL,
    superseded_at INTEGER,
    ended_at INTEGER,
    given_ended_at INTEGER,
    given_created_at INTEGER,
    given_dedup_key BLOB,
    reason TEXT,
    UNIQUE (mem_no, version)
) STRICT;

-- seq: the event that brought the vector.
CREATE TABLE ledger_vectors (
    vector_no INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL REFERENCES ledger_events,
    identity_no INTEGER NOT NULL REFERENCES ledger_identities,
    vector BLOB NOT NULL,
    UNIQUE (seq, identity_no)
) STRICT;

-- The keyword index of the live memories. tf: how often the text has the term;
-- len: how many terms it has.
CREATE TABLE ledger_postings (
    owner_no INTEGER NOT NULL,
    term INTEGER NOT NULL,
    scope_no INTEGER NOT NULL,
    mem_no INTEGER NOT NULL,
    tf INTEGER NOT NULL,
    len INTEGER NOT NULL,
    PRIMARY KEY (owner_no, term, scope_no, mem_no)
) STRICT, WITHOUT ROWID;

-- What the vector store may not have yet, in the order of events. scope: JSON,
-- only of what was erased and has no scope_no any more.
CREATE TABLE ledger_outbox (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    scope_no INTEGER,
    scope TEXT,
    version INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER,
    claim_owner TEXT,
    claim_until INTEGER
) STRICT;
CREATE INDEX ledger_outbox_scope ON ledger_outbox (scope_no);

-- msg_no is the order of arrival.
CREATE TABLE ledger_messages (
    msg_no INTEGER PRIMARY KEY,
    scope_no INTEGER NOT NULL REFERENCES ledger_scopes,
    message_id TEXT NOT NULL,
    role TEXT NOT NULL,
    name TEXT,
    content TEXT NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (scope_no, message_id)
) STRICT;
CREATE INDEX ledger_messages_time ON ledger_messages (scope_no, at, msg_no);

CREATE TABLE ledger_idempotency (
    scope_no INTEGER NOT NULL REFERENCES ledger_scopes,
    key TEXT NOT NULL,
    digest BLOB NOT NULL,
    txn BLOB NOT NULL,
    outcomes TEXT NOT NULL,
    PRIMARY KEY (scope_no, key)
) STRICT, WITHOUT ROWID;
