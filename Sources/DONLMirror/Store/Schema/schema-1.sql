-- Schema version 1. Base tables; the names that CONTRACT.md promises are these tables or the views in views.sql.
-- Timestamps are TEXT: 'YYYY-MM-DDTHH:MM:SS.ffffffZ', or 'YYYY-MM-DD[THH:MM:SS]' where the portal sends no zone.

CREATE TABLE meta (
  key TEXT NOT NULL PRIMARY KEY, -- source, license, epoch, complete_as_of, checkpoint, hash_version, schema_version, tool_version, ...
  value TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  id INTEGER PRIMARY KEY, -- the run's number, never reused
  walk_id INTEGER REFERENCES walks(id), -- the walk this run did (a part of); a walk outlives an interrupted run
  mode TEXT NOT NULL CHECK (mode IN ('full', 'incremental')),
  outcome TEXT NOT NULL CHECK (outcome IN ('complete', 'partial', 'failed', 'interrupted', 'running')),
  started_at TEXT NOT NULL, -- our clock, UTC
  finished_at TEXT, -- our clock, UTC; NULL while running
  checkpoint TEXT, -- the portal's newest metadata_modified that this run made us consistent with
  portal_count INTEGER, -- what the portal counted last
  requests INTEGER NOT NULL DEFAULT 0, -- HTTP requests sent, retries included
  retries INTEGER NOT NULL DEFAULT 0, -- of these, how many repeated an earlier one
  bytes INTEGER NOT NULL DEFAULT 0, -- decoded bytes received
  pages INTEGER NOT NULL DEFAULT 0, -- pages stored
  created INTEGER NOT NULL DEFAULT 0, -- datasets that were new or came back
  updated INTEGER NOT NULL DEFAULT 0, -- datasets whose content_hash changed
  touched INTEGER NOT NULL DEFAULT 0, -- datasets whose record differs in churn fields only
  unchanged INTEGER NOT NULL DEFAULT 0, -- datasets received and found equal
  deleted INTEGER NOT NULL DEFAULT 0, -- datasets gone from the portal
  held INTEGER NOT NULL DEFAULT 0, -- deletions held back
  rejected INTEGER NOT NULL DEFAULT 0, -- records in quarantine after being read in this run
  exit_code INTEGER, -- what the process answered; NULL while running or when it was killed
  reason TEXT, -- a stable word when the outcome is not complete
  message TEXT -- one sentence for a person
) STRICT;

CREATE TABLE walks (
  id INTEGER PRIMARY KEY, -- 'seen' means seen by this walk, in whichever run
  mode TEXT NOT NULL CHECK (mode IN ('full', 'incremental', 'census')),
  state TEXT NOT NULL CHECK (state IN ('open', 'complete', 'partial', 'dropped')),
  filter TEXT NOT NULL, -- the fq asked; empty for the whole catalogue
  page_order TEXT NOT NULL, -- the sort asked
  rows INTEGER NOT NULL, -- the page size asked
  portal_date TEXT NOT NULL, -- the portal's Date before the first page of the first part
  checkpoint TEXT, -- the newest metadata_modified before the first page of the first part
  last_id TEXT, -- the position: the last id taken
  next_start INTEGER NOT NULL DEFAULT 0, -- the position: the offset to ask next
  facts TEXT NOT NULL, -- what the walk has learnt (JSON): counts, page size, gaps, seams
  moved_at TEXT NOT NULL, -- when the position moved last, our clock
  finished_at TEXT
) STRICT;

CREATE TABLE all_datasets ( -- every dataset ever stored; the view datasets shows the live ones
  key INTEGER PRIMARY KEY, -- internal; ours alone
  id TEXT NOT NULL UNIQUE, -- CKAN's id: the identity of a dataset
  name TEXT, -- CKAN's slug; can change and can be reused by another id
  title TEXT,
  notes TEXT, -- description, Markdown or HTML
  url TEXT, -- landing page
  identifier TEXT, -- the publisher's own identifier
  state TEXT,
  type TEXT, -- 'dataset', or what else the portal registers
  private INTEGER CHECK (private IN (0, 1)),
  owner_org TEXT, -- organizations.id: the account in CKAN, not the owner of the data
  organization_title TEXT, -- as copied into the record by the portal
  authority TEXT, -- URI of the data owner
  publisher TEXT, -- URI of the publisher
  maintainer TEXT, -- DONL 1.0: URI of the data owner
  license_id TEXT,
  license_title TEXT, -- the portal's own label; can be out of date
  access_rights TEXT,
  dataset_status TEXT,
  frequency TEXT,
  source_catalog TEXT,
  metadata_language TEXT,
  issued TEXT, -- no zone, as precise as sent
  modified TEXT, -- of the data, not of the metadata; no zone, as precise as sent
  metadata_created TEXT, -- UTC
  metadata_modified TEXT, -- UTC, microseconds; what incremental runs follow
  num_resources INTEGER, -- as the portal says
  num_tags INTEGER, -- as the portal says
  content_hash TEXT NOT NULL, -- SHA-256 of the canonical record without the fields that churn
  is_repaired INTEGER NOT NULL DEFAULT 0, -- 1 when U+0000 or a lone surrogate became U+FFFD in the columns
  first_run INTEGER NOT NULL REFERENCES runs(id), -- the run that first stored it
  first_seen TEXT NOT NULL, -- when that run began
  deleted_at TEXT, -- NULL while it lives
  deleted_reason TEXT -- why we know that it is gone
) STRICT;

CREATE TABLE sightings ( -- which walk saw a dataset; narrow, because a full walk writes every row
  dataset INTEGER PRIMARY KEY REFERENCES all_datasets(key) ON DELETE CASCADE,
  walk INTEGER NOT NULL, -- the last walk that saw it
  complete_walk INTEGER -- the last complete full walk or census that saw it
) STRICT;

CREATE TABLE absences ( -- live datasets that the portal's index no longer shows
  dataset INTEGER PRIMARY KEY REFERENCES all_datasets(key) ON DELETE CASCADE,
  state TEXT NOT NULL CHECK (state IN ('held', 'active', 'unclear')), -- held by the guard; still active by package_show; without evidence
  detail TEXT NOT NULL, -- for a person
  first_noted_at TEXT NOT NULL, -- when a census first missed it, our clock
  noted_at TEXT NOT NULL, -- when a census last missed it
  run_id INTEGER NOT NULL REFERENCES runs(id) -- the run that last missed it
) STRICT;

CREATE TABLE record_rows (
  dataset INTEGER PRIMARY KEY REFERENCES all_datasets(key) ON DELETE CASCADE,
  json TEXT NOT NULL, -- the record as received, byte for byte
  fetched_at TEXT NOT NULL -- when these bytes first came
) STRICT;

CREATE TABLE resource_rows (
  dataset INTEGER NOT NULL REFERENCES all_datasets(key) ON DELETE CASCADE,
  position INTEGER NOT NULL, -- 0, 1, ... in the order as served; (dataset, position) is the key
  id TEXT, -- churns without meaning at data.overheid.nl
  name TEXT,
  description TEXT,
  url TEXT,
  format TEXT,
  mimetype TEXT,
  license_id TEXT,
  size INTEGER, -- as sent: kB by DONL's definition, bytes by DCAT's
  created TEXT, -- UTC
  last_modified TEXT, -- UTC
  UNIQUE (dataset, position)
) STRICT;

CREATE TABLE dataset_uri_rows ( -- values of URI-valued fields of datasets
  dataset INTEGER NOT NULL REFERENCES all_datasets(key) ON DELETE CASCADE,
  field TEXT NOT NULL, -- the key as sent
  position INTEGER NOT NULL,
  value TEXT NOT NULL, -- as sent
  malformed INTEGER NOT NULL, -- 1: no scheme and something, or a control character
  portal_label TEXT, -- the display name that the portal sent beside it
  value_list TEXT, -- the field's value list
  scheme TEXT, -- spatial_value only: the spatial_scheme at the same index
  PRIMARY KEY (dataset, field, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE resource_uri_rows ( -- values of URI-valued fields of resources
  dataset INTEGER NOT NULL REFERENCES all_datasets(key) ON DELETE CASCADE,
  resource_position INTEGER NOT NULL,
  field TEXT NOT NULL,
  position INTEGER NOT NULL,
  value TEXT NOT NULL,
  malformed INTEGER NOT NULL,
  portal_label TEXT,
  value_list TEXT,
  scheme TEXT,
  PRIMARY KEY (dataset, resource_position, field, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE dataset_extra_rows ( -- what neither the columns nor the URI values of datasets carry
  dataset INTEGER NOT NULL REFERENCES all_datasets(key) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL, -- text, or the JSON of what is no string
  json_type TEXT NOT NULL, -- string, number, boolean, array, object
  PRIMARY KEY (dataset, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE resource_extra_rows ( -- the same of resources
  dataset INTEGER NOT NULL REFERENCES all_datasets(key) ON DELETE CASCADE,
  resource_position INTEGER NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  json_type TEXT NOT NULL,
  PRIMARY KEY (dataset, resource_position, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE tag_rows (
  dataset INTEGER NOT NULL REFERENCES all_datasets(key) ON DELETE CASCADE,
  name TEXT NOT NULL,
  PRIMARY KEY (dataset, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE organizations (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT,
  title TEXT,
  description TEXT,
  image_url TEXT,
  state TEXT,
  created TEXT, -- UTC
  is_listed INTEGER NOT NULL, -- 1 from the portal's own list, 0 from a copy inside a record
  first_seen TEXT NOT NULL,
  last_seen TEXT NOT NULL -- when its row last changed or the list last named it
) STRICT, WITHOUT ROWID;

CREATE TABLE groups (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT,
  title TEXT,
  description TEXT,
  image_url TEXT,
  state TEXT,
  created TEXT,
  is_listed INTEGER NOT NULL,
  first_seen TEXT NOT NULL,
  last_seen TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE group_rows (
  dataset INTEGER NOT NULL REFERENCES all_datasets(key) ON DELETE CASCADE,
  group_id TEXT NOT NULL REFERENCES groups(id),
  PRIMARY KEY (dataset, group_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE licenses ( -- the portal's own license_list
  id TEXT NOT NULL PRIMARY KEY,
  title TEXT,
  url TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE changes ( -- the feed: append-only, seq only grows, one row when content changed
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK (kind IN ('create', 'update', 'delete')),
  dataset_id TEXT NOT NULL,
  name TEXT,
  run_id INTEGER NOT NULL REFERENCES runs(id),
  recorded_at TEXT NOT NULL, -- our clock, UTC; one stamp a transaction
  metadata_modified TEXT, -- the portal's stamp of the record
  changed_fields TEXT, -- JSON array of keys on an update
  content_hash TEXT, -- after the change; the last one known on a delete
  replaced_by TEXT -- on a delete: the live id that bears the same name
) STRICT;

CREATE TABLE rejections ( -- quarantine; a row leaves when its record heals
  key TEXT NOT NULL PRIMARY KEY, -- the dataset id, or 'sha256:' and the hash of the bytes
  dataset_id TEXT, -- NULL when the record does not say
  run_id INTEGER NOT NULL REFERENCES runs(id), -- the last run that saw it so
  walk INTEGER NOT NULL, -- the last walk that saw it so
  reason TEXT NOT NULL, -- bad_json, bad_text, too_deep, too_large_record, not_an_object, no_id, bad_id
  detail TEXT NOT NULL,
  record BLOB NOT NULL, -- the bytes as received
  first_seen TEXT NOT NULL,
  last_seen TEXT NOT NULL,
  attempts INTEGER NOT NULL
) STRICT;

CREATE TABLE fields ( -- the field table, loaded from config/fields.csv
  entity TEXT NOT NULL CHECK (entity IN ('dataset', 'resource')),
  field TEXT NOT NULL,
  kind TEXT NOT NULL,
  value_list TEXT,
  dcat TEXT, -- DCAT-AP-DONL property
  iso19115 TEXT, -- path in ISO 19115 / NGR
  label_nl TEXT,
  label_en TEXT,
  names TEXT, -- on a display name: the field whose URI it names
  since TEXT,
  until TEXT,
  PRIMARY KEY (entity, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE field_sightings ( -- when a key and JSON type outside the columns first came
  entity TEXT NOT NULL,
  field TEXT NOT NULL,
  json_type TEXT NOT NULL,
  first_seen TEXT NOT NULL,
  PRIMARY KEY (entity, field, json_type)
) STRICT, WITHOUT ROWID;

CREATE TABLE value_lists ( -- the portal's waardelijsten
  name TEXT NOT NULL PRIMARY KEY,
  url TEXT NOT NULL,
  fetched_at TEXT, -- when its present content came
  checked_at TEXT, -- when it was last asked for
  entries INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE concepts ( -- entries of value lists; a label belongs to (list, uri)
  list TEXT NOT NULL REFERENCES value_lists(name) ON DELETE CASCADE,
  uri TEXT NOT NULL, -- an opaque string
  label_nl TEXT,
  label_en TEXT,
  parent TEXT,
  first_seen TEXT NOT NULL,
  last_seen TEXT NOT NULL,
  removed_at TEXT,
  PRIMARY KEY (list, uri)
) STRICT, WITHOUT ROWID;

CREATE VIEW fts_rows AS -- what datasets_fts indexes, by all_datasets.key
SELECT
  d.key AS rowid,
  d.id AS dataset_id,
  d.name,
  d.title,
  d.notes,
  (SELECT group_concat(t.name, ' ') FROM tag_rows t WHERE t.dataset = d.key) AS tags,
  d.organization_title AS organization,
  (SELECT group_concat(r.name, ' ') FROM resource_rows r WHERE r.dataset = d.key) AS resources
FROM all_datasets d
WHERE d.deleted_at IS NULL;

CREATE VIRTUAL TABLE datasets_fts USING fts5(
  dataset_id UNINDEXED, name, title, notes, tags, organization, resources,
  content='fts_rows', content_rowid='rowid',
  tokenize="unicode61 remove_diacritics 2", prefix='2 3'
);
