-- The ledger, version 3: who and what memories name, and how
-- often they were recalled.

-- The index of names of the live memories. word: a word of the name, or all of
-- it, and then longer is empty. kind: 0 name, 1 speaker, 2 quote, 3 quantity,
-- 4 tag. written: where it is not written as it mostly is.
CREATE TABLE ledger_mentions (
    scope_no bigint NOT NULL,
    mem_no bigint NOT NULL,
    kind smallint NOT NULL,
    word text COLLATE "C" NOT NULL,
    longer text COLLATE "C" NOT NULL,
    written text,
    PRIMARY KEY (scope_no, word, longer, mem_no)
);
CREATE INDEX ledger_mentions_memory ON ledger_mentions (mem_no);

-- How often memories were recalled. Who counts a use
-- holds on to the memory, so that an erasure leaves none.

CREATE TABLE ledger_uses (
    mem_no bigint PRIMARY KEY REFERENCES ledger_memories ON DELETE CASCADE,
    uses bigint NOT NULL,
    used_at bigint NOT NULL
) WITH (fillfactor = 70);
