-- The ledger, version 4: who and what memories name, and how
-- often they were recalled.

-- The index of names of the live memories. word: a word of the name, or all of
-- it, and then longer is empty. kind: 0 name, 1 speaker, 2 quote, 3 quantity,
-- 4 tag. written: where it is not written as it mostly is.
CREATE TABLE ledger_mentions (
    scope_no INTEGER NOT NULL,
    word TEXT NOT NULL,
    longer TEXT NOT NULL,
    mem_no INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    written TEXT,
    PRIMARY KEY (scope_no, word, longer, mem_no)
) STRICT, WITHOUT ROWID;

-- mentions: how many rows it has there.
ALTER TABLE ledger_memories ADD COLUMN mentions INTEGER NOT NULL DEFAULT 0;

-- How often memories were recalled.

CREATE TABLE ledger_uses (
    mem_no INTEGER PRIMARY KEY REFERENCES ledger_memories,
    uses INTEGER NOT NULL,
    used_at INTEGER NOT NULL
) STRICT;
