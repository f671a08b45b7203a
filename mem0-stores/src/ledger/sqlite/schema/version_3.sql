-- The ledger, version 3: the order in which memories came into their scope.

-- added: how many memories it was ever given.
ALTER TABLE ledger_scopes ADD COLUMN added INTEGER NOT NULL DEFAULT 0;

-- nth: its number among them, from 1.
ALTER TABLE ledger_memories ADD COLUMN nth INTEGER NOT NULL DEFAULT 0;
UPDATE ledger_memories SET nth = o.nth
    FROM (SELECT mem_no, row_number() OVER (PARTITION BY scope_no ORDER BY mem_no) AS nth FROM ledger_memories) o
    WHERE o.mem_no = ledger_memories.mem_no;
UPDATE ledger_scopes SET added =
    (SELECT count(*) FROM ledger_memories m WHERE m.scope_no = ledger_scopes.scope_no);
CREATE UNIQUE INDEX ledger_memories_nth ON ledger_memories (scope_no, nth);
