-- Schema version 4: what the portal counts and does not serve has rows; the portal's own lists of organizations
-- and groups are read like the copies in records.

CREATE TABLE unserved_rows ( -- ours: records that the portal counts and does not serve
  key TEXT NOT NULL PRIMARY KEY, -- the dataset id, or `#` and a number where the portal shows none
  dataset_id TEXT, -- NULL where the portal shows none
  first_noted_at TEXT NOT NULL, -- when a census first missed it
  noted_at TEXT NOT NULL, -- when a census last missed it
  detail TEXT NOT NULL -- why, or where in the list, for a person
) STRICT, WITHOUT ROWID;

DELETE FROM meta WHERE key = 'unserved_ids';

UPDATE organizations SET created = created || 'Z' WHERE created GLOB '????-??-??T??:??:??.??????';
UPDATE organizations SET created = created || '.000000Z' WHERE created GLOB '????-??-??T??:??:??';
UPDATE organizations SET created = NULL WHERE created NOT GLOB '????-??-??T??:??:??.??????Z';
UPDATE groups SET created = created || 'Z' WHERE created GLOB '????-??-??T??:??:??.??????';
UPDATE groups SET created = created || '.000000Z' WHERE created GLOB '????-??-??T??:??:??';
UPDATE groups SET created = NULL WHERE created NOT GLOB '????-??-??T??:??:??.??????Z';
