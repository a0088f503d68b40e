-- Schema version 4: what the portal counts and does not serve has rows.

CREATE TABLE unserved_rows ( -- ours: records that the portal counts and does not serve
  key TEXT NOT NULL PRIMARY KEY, -- the dataset id, or `#` and a number where the portal shows none
  dataset_id TEXT, -- NULL where the portal shows none
  first_noted_at TEXT NOT NULL, -- when a census first missed it
  noted_at TEXT NOT NULL, -- when a census last missed it
  detail TEXT NOT NULL -- why, or where in the list, for a person
) STRICT, WITHOUT ROWID;

DELETE FROM meta WHERE key = 'unserved_ids';
