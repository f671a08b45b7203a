-- The ledger, version 3: how often memories were recalled. Who counts a use
-- holds on to the memory, so that an erasure leaves none.

CREATE TABLE ledger_uses (
    mem_no bigint PRIMARY KEY REFERENCES ledger_memories ON DELETE CASCADE,
    uses bigint NOT NULL,
    used_at bigint NOT NULL
) WITH (fillfactor = 70);
