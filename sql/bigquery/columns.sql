-- What tables that exist already may lack.

-- step: add
ALTER TABLE ${table} ${additions};

-- step: first_fence
INSERT INTO ${write_fence} (seq)
SELECT 0 FROM (SELECT 1 AS one) WHERE NOT EXISTS (SELECT 1 FROM ${write_fence});
