-- The ledger, version 2: the order in which memories came into their scope.

-- nth: its number among all that were ever added to the scope, from 1.
ALTER TABLE ledger_memories ADD COLUMN nth bigint NOT NULL DEFAULT 0;
UPDATE ledger_memories m SET nth = o.nth
    FROM (SELECT mem_no, row_number() OVER (PARTITION BY scope_no ORDER BY mem_no) AS nth FROM ledger_memories) o
    WHERE o.mem_no = m.mem_no;
ALTER TABLE ledger_memories ALTER COLUMN nth DROP DEFAULT;
CREATE UNIQUE INDEX ledger_memories_nth ON ledger_memories (scope_no, nth);
