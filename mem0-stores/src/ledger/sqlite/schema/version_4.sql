-- The ledger, version 4: how often memories were recalled.

CREATE TABLE ledger_uses (
    mem_no INTEGER PRIMARY KEY REFERENCES ledger_memories,
    uses INTEGER NOT NULL,
    used_at INTEGER NOT NULL
) STRICT;
