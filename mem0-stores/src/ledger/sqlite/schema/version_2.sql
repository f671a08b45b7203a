-- The ledger, version 2: jobs, spending, and where an ending comes from.

-- sources: the ids of messages, JSON, where the event has no content.
ALTER TABLE ledger_events ADD COLUMN sources TEXT;

-- job_no is the order of arrival. state: 0 queued, 1 running, 2 done, 3 failed,
-- 4 cancelled. leads: whether it is the first of its scope that has not ended,
-- which holds back the others. payload, outcome: JSON; the payload goes when the
-- job ends.
CREATE TABLE ledger_jobs (
    job_no INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    scope_no INTEGER NOT NULL REFERENCES ledger_scopes,
    state INTEGER NOT NULL,
    leads INTEGER NOT NULL,
    payload TEXT,
    attempts INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    not_before INTEGER,
    lease_owner TEXT,
    lease_until INTEGER,
    outcome TEXT
) STRICT;
CREATE INDEX ledger_jobs_created ON ledger_jobs (created_at, id);
CREATE INDEX ledger_jobs_scope ON ledger_jobs (scope_no, created_at, id);
CREATE INDEX ledger_jobs_open ON ledger_jobs (scope_no, job_no) WHERE state < 2;
CREATE INDEX ledger_jobs_leading ON ledger_jobs (job_no) WHERE leads = 1;
CREATE INDEX ledger_jobs_ended ON ledger_jobs (updated_at) WHERE state >= 2;

-- period: when it begins.
CREATE TABLE ledger_spending (
    scope_no INTEGER NOT NULL REFERENCES ledger_scopes,
    period INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    PRIMARY KEY (scope_no, period)
) STRICT, WITHOUT ROWID;
