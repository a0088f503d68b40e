-- The tables. The names that readers hold on to are these tables, or the views in views*.sql.
-- Timestamps are TEXT: 'YYYY-MM-DDTHH:MM:SS.ffffffZ', or 'YYYY-MM-DD[THH:MM:SS]' where the portal sends no zone.

CREATE TABLE meta ( -- facts about this file
  key TEXT NOT NULL PRIMARY KEY, -- `source` (the portal; `sample` for the sample), `license`, `epoch`,
    -- `complete_as_of` (the portal's time when the last complete run began), `checkpoint`, `hash_version` (the rule
    -- of `content_hash`; behind a `+` the keys of `portal.churn-keys`), `hash_since` (the last `seq` before that
    -- rule), `schema_version`, `tool_version`, `ckan_version`, `portal_title`, `feed_state` (a random word that each
    -- run renews; `DB.mark` names it too), `former_epochs` (those that are over, with spaces between them),
    -- `quality_day` (when `quality_over_time` was looked at last), `floor_seq` (up to there
    -- the feed has let go what was before; absent: it has all), `figures` (what the last run noted for `health`, as
    -- JSON), `http_requests` (of all runs, by the class of the answer, as JSON), `page_sizes`
    -- (what the portal could not serve because of its size, and what works instead, as JSON), `field_table`
    -- (tells which table of fields the records were read by)
  value TEXT -- text
) STRICT, WITHOUT ROWID;

CREATE TABLE runs ( -- the ledger: one row per run
  id INTEGER PRIMARY KEY, -- the number of the run, never reused
  walk_id INTEGER REFERENCES walks(id), -- the walk that it did a part of; a walk outlives an interrupted run
  mode TEXT NOT NULL CHECK (mode IN ('full', 'incremental')), -- `full`, `incremental`
  outcome TEXT NOT NULL CHECK (outcome IN ('complete', 'partial', 'failed', 'interrupted', 'running')), -- `complete`,
    -- `partial`, `failed`, `interrupted`, `running`
  started_at TEXT NOT NULL CHECK (started_at GLOB '????-??-??T??:??:??.??????Z'), -- our clock, UTC
  finished_at TEXT CHECK (finished_at GLOB '????-??-??T??:??:??.??????Z'), -- our clock, UTC; NULL while running
  checkpoint TEXT, -- the portal's time up to which this run made the file consistent
  portal_count INTEGER, -- what the portal counted last, for what this run asked
  requests INTEGER NOT NULL DEFAULT 0, -- HTTP requests, retries included
  retries INTEGER NOT NULL DEFAULT 0, -- how many of these repeated an earlier one
  bytes INTEGER NOT NULL DEFAULT 0, -- received, after decompression
  pages INTEGER NOT NULL DEFAULT 0, -- pages stored
  created INTEGER NOT NULL DEFAULT 0, -- datasets that were new or came back
  updated INTEGER NOT NULL DEFAULT 0, -- datasets whose content changed
  touched INTEGER NOT NULL DEFAULT 0, -- datasets of which only what churns changed
  unchanged INTEGER NOT NULL DEFAULT 0, -- datasets received and found equal
  deleted INTEGER NOT NULL DEFAULT 0, -- datasets gone from the portal
  held INTEGER NOT NULL DEFAULT 0, -- deletions held back
  rejected INTEGER NOT NULL DEFAULT 0, -- records put in quarantine
  exit_code INTEGER, -- what the process answered; NULL while running or when it was killed
  reason TEXT, -- a stable word, when there is something to say
  message TEXT -- one sentence for a person
) STRICT;

CREATE TABLE walks ( -- ours: the walks through the catalogue and their positions
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
  moved_at TEXT NOT NULL CHECK (moved_at GLOB '????-??-??T??:??:??.??????Z'), -- when the position moved last, our clock
  finished_at TEXT CHECK (finished_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;

CREATE TABLE all_datasets ( -- ours: every dataset ever stored; the view datasets shows the live ones
  key INTEGER PRIMARY KEY, -- internal; ours alone
  id TEXT NOT NULL UNIQUE, -- CKAN's id, which is the identity of a dataset
  name TEXT, -- the slug in the URL of the portal's page; it can change, and be reused by another id
  title TEXT, -- as sent
  notes TEXT, -- the description, Markdown or HTML as sent
  url TEXT, -- landing page
  identifier TEXT, -- the publisher's own identifier
  state TEXT, -- CKAN's state; `active`
  type TEXT, -- `dataset`, or what else the portal registers
  private INTEGER CHECK (private IN (0, 1)), -- 0 or 1
  owner_org TEXT, -- `organizations.id`: the account in CKAN, not the owner of the data
  organization_title TEXT, -- the title of that organization, as copied into the record
  authority TEXT, -- URI of the data owner
  publisher TEXT, -- URI of the publisher
  maintainer TEXT, -- URI of the data owner in records of DONL 1.0
  license_id TEXT, -- URI of the license
  license_title TEXT, -- the portal's label of the license; can be out of date
  access_rights TEXT, -- URI: public, restricted, …
  dataset_status TEXT, -- URI: available, planned, …
  frequency TEXT, -- URI: how often the data are updated
  source_catalog TEXT, -- URI of the catalogue that the portal took it from
  metadata_language TEXT, -- URI of the language of the metadata
  issued TEXT, -- when the data were published; no zone
  modified TEXT, -- when the data changed, not the metadata; no zone
  metadata_created TEXT CHECK (metadata_created GLOB '????-??-??T??:??:??.??????Z'), -- when CKAN first had it, UTC
  metadata_modified TEXT CHECK (metadata_modified GLOB '????-??-??T??:??:??.??????Z'), -- when CKAN last changed it,
    -- UTC; what incremental runs follow
  num_resources INTEGER, -- as the portal says
  num_tags INTEGER, -- as the portal says
  content_hash TEXT NOT NULL, -- SHA-256 of the record without what churns
  is_repaired INTEGER NOT NULL DEFAULT 0 CHECK (is_repaired IN (0, 1)), -- 1 when a character that no text may hold
    -- became U+FFFD in the columns, or NaN or Infinity became NULL
  owner_term INTEGER, -- what `labeled_datasets` shows, by its columns
  publisher_term INTEGER,
  license_term INTEGER,
  access_rights_term INTEGER,
  status_term INTEGER,
  frequency_term INTEGER,
  source_catalog_term INTEGER,
  language_term INTEGER,
  metadata_language_term INTEGER,
  landing_page_term INTEGER,
  period_start TEXT, -- as sent: `temporal_start`, `temporal_from`
  period_end TEXT, -- as sent: `temporal_end`, `temporal_to`
  first_run INTEGER NOT NULL REFERENCES runs(id), -- the `runs.id` of the run that first stored it
  first_seen TEXT NOT NULL CHECK (first_seen GLOB '????-??-??T??:??:??.??????Z'), -- when the run began that first
    -- stored it
  deleted_at TEXT CHECK (deleted_at GLOB '????-??-??T??:??:??.??????Z'), -- when we noticed that it is gone; NULL
    -- while it lives
  deleted_reason TEXT -- how we know that it is gone
) STRICT;

CREATE TABLE sightings ( -- ours: which walk saw a dataset; narrow, because a full walk writes every row
  dataset INTEGER PRIMARY KEY REFERENCES all_datasets(key) ON DELETE CASCADE,
  walk INTEGER NOT NULL, -- the last walk that saw it
  complete_walk INTEGER -- the last complete full walk or census that saw it
) STRICT;

CREATE TABLE absences ( -- ours: live datasets that the portal's index no longer shows
  dataset INTEGER PRIMARY KEY REFERENCES all_datasets(key) ON DELETE CASCADE,
  state TEXT NOT NULL CHECK (state IN ('held', 'active', 'unclear')), -- `held` by the guard against mass deletion, or
    -- `unclear`: without evidence; or still `active` by package_show
  detail TEXT NOT NULL, -- why, for a person
  first_noted_at TEXT NOT NULL CHECK (first_noted_at GLOB '????-??-??T??:??:??.??????Z'), -- when a census first
    -- missed it
  noted_at TEXT NOT NULL CHECK (noted_at GLOB '????-??-??T??:??:??.??????Z'), -- when a census last missed it
  run_id INTEGER NOT NULL REFERENCES runs(id) -- the `runs.id` of the run that last missed it
) STRICT;

CREATE TABLE record_rows ( -- ours: the raw records
  dataset INTEGER PRIMARY KEY REFERENCES all_datasets(key) ON DELETE CASCADE,
  json TEXT NOT NULL, -- as received, byte for byte
  fetched_at TEXT NOT NULL CHECK (fetched_at GLOB '????-??-??T??:??:??.??????Z') -- when these bytes first came
) STRICT;

CREATE TABLE resource_rows ( -- ours: the resources
  dataset INTEGER NOT NULL REFERENCES all_datasets(key) ON DELETE CASCADE,
  position INTEGER NOT NULL, -- 0, 1, … in the order as served
  id TEXT, -- changes without meaning
  name TEXT, -- as sent
  description TEXT, -- as sent
  url TEXT, -- where the data are
  format TEXT, -- URI or word, as sent; '' where `format_term` says it word for word
  mimetype TEXT, -- URI or word, as sent
  license_id TEXT, -- URI of the license; '' where `license_term` says it word for word
  size INTEGER, -- as sent: kB by DONL's definition, bytes by DCAT's
  created TEXT CHECK (created GLOB '????-??-??T??:??:??.??????Z'), -- when CKAN first had it, UTC
  last_modified TEXT CHECK (last_modified GLOB '????-??-??T??:??:??.??????Z'), -- when CKAN last changed it, UTC
  format_term INTEGER, -- what `labeled_resources` shows, by its columns
  media_type_term INTEGER,
  license_term INTEGER,
  status_term INTEGER,
  type_term INTEGER,
  language_term INTEGER,
  PRIMARY KEY (dataset, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE uri_fields ( -- ours: the URI-valued fields by number
  key INTEGER PRIMARY KEY,
  entity TEXT NOT NULL CHECK (entity IN ('dataset', 'resource')), -- `dataset`, `resource`
  field TEXT NOT NULL, -- the key as sent
  scheme TEXT NOT NULL DEFAULT '', -- of `spatial_value`: the `spatial_scheme` beside the value; a row for each
  value_list TEXT, -- the list that the values are taken from
  UNIQUE (entity, field, scheme)
) STRICT;

CREATE TABLE terms ( -- ours: the entries of value lists, and each value of a URI field once for the list that it is
  -- taken from; so a value is resolved when it is written, and what a list says anew of it is one row
  key INTEGER PRIMARY KEY,
  list TEXT NOT NULL, -- `value_lists.name`; the scheme of a code; '' where the field has no list
  value TEXT NOT NULL, -- as sent; torn values are joined where the list knows the whole
  standing TEXT NOT NULL CHECK (
    standing IN ('listed', 'removed', 'unlisted', 'unchecked', 'free', 'code', 'malformed')),
  label_nl TEXT, -- the label of now; of what is gone, the last one
  label_en TEXT, -- the label of now; of what is gone, the last one
  parent TEXT, -- the value above it on the same list
  type TEXT, -- what the list says about the kind of an organization
  slug TEXT, -- what the list says about the name of a catalogue in URLs
  first_seen TEXT CHECK (first_seen GLOB '????-??-??T??:??:??.??????Z'), -- when we first saw it on the list; NULL on
    -- what never was
  last_seen TEXT CHECK (last_seen GLOB '????-??-??T??:??:??.??????Z'), -- the `fetched_at` of the last content that
    -- held it
  removed_at TEXT CHECK (removed_at GLOB '????-??-??T??:??:??.??????Z'), -- when it was first missed; NULL while it is
    -- on the list
  UNIQUE (value, list),
  CHECK ((first_seen IS NOT NULL) = (standing IN ('listed', 'removed'))),
  CHECK ((removed_at IS NOT NULL) = (standing = 'removed'))
) STRICT;

CREATE TABLE display_names ( -- ours: the display names that the portal sent, each once
  key INTEGER PRIMARY KEY,
  label TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE uri_rows ( -- ours: the values of URI-valued fields
  dataset INTEGER NOT NULL REFERENCES all_datasets(key) ON DELETE CASCADE,
  resource INTEGER NOT NULL CHECK (resource >= -1), -- the position of the resource; -1 on a field of the dataset
  field INTEGER NOT NULL REFERENCES uri_fields(key),
  position INTEGER NOT NULL, -- 0, 1, … in the order as sent
  term INTEGER NOT NULL REFERENCES terms(key),
  display_name INTEGER, -- `display_names.key`: what the portal sent beside it
  PRIMARY KEY (dataset, resource, field, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE extra_rows ( -- ours: what neither the columns nor the URI values of a dataset or a resource carry
  dataset INTEGER NOT NULL REFERENCES all_datasets(key) ON DELETE CASCADE,
  resource INTEGER NOT NULL CHECK (resource >= -1), -- the position of the resource; -1 on the dataset
  json TEXT NOT NULL, -- an object: `field_sightings.key` and the text, or JSON for what is no string
  PRIMARY KEY (dataset, resource)
) STRICT, WITHOUT ROWID;

CREATE TABLE tag_rows ( -- ours: the tags
  dataset INTEGER NOT NULL REFERENCES all_datasets(key) ON DELETE CASCADE,
  name TEXT NOT NULL, -- the tag
  PRIMARY KEY (dataset, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE organizations ( -- accounts in CKAN under which datasets are published
  id TEXT NOT NULL PRIMARY KEY, -- CKAN's id
  name TEXT, -- its slug
  title TEXT, -- as sent
  description TEXT, -- as sent
  image_url TEXT, -- its logo
  state TEXT, -- CKAN's state
  created TEXT CHECK (created GLOB '????-??-??T??:??:??.??????Z'), -- when CKAN first had it, UTC
  is_listed INTEGER NOT NULL CHECK (is_listed IN (0, 1)), -- 1 from the portal's own list, 0 from the copy inside a
    -- record
  first_seen TEXT NOT NULL CHECK (first_seen GLOB '????-??-??T??:??:??.??????Z'), -- when a run first saw it
  last_seen TEXT NOT NULL CHECK (last_seen GLOB '????-??-??T??:??:??.??????Z') -- when its row last changed or the
    -- list last named it
) STRICT, WITHOUT ROWID;

CREATE TABLE groups ( -- CKAN's groups, which the portal may use for themes
  id TEXT NOT NULL PRIMARY KEY, -- CKAN's id
  name TEXT, -- its slug
  title TEXT, -- as sent
  description TEXT, -- as sent
  image_url TEXT, -- its logo
  state TEXT, -- CKAN's state
  created TEXT CHECK (created GLOB '????-??-??T??:??:??.??????Z'), -- when CKAN first had it, UTC
  is_listed INTEGER NOT NULL CHECK (is_listed IN (0, 1)), -- 1 from the portal's own list, 0 from the copy inside a
    -- record
  first_seen TEXT NOT NULL CHECK (first_seen GLOB '????-??-??T??:??:??.??????Z'), -- when a run first saw it
  last_seen TEXT NOT NULL CHECK (last_seen GLOB '????-??-??T??:??:??.??????Z') -- when its row last changed or the
    -- list last named it
) STRICT, WITHOUT ROWID;

CREATE TABLE group_rows ( -- ours: which dataset is in which group
  dataset INTEGER NOT NULL REFERENCES all_datasets(key) ON DELETE CASCADE,
  group_id TEXT NOT NULL REFERENCES groups(id), -- `groups.id`
  PRIMARY KEY (dataset, group_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE licenses ( -- the portal's own list of licenses
  id TEXT NOT NULL PRIMARY KEY, -- what `datasets.license_id` holds
  title TEXT, -- as sent
  url TEXT -- where it can be read
) STRICT, WITHOUT ROWID;

CREATE TABLE changes ( -- the feed: append-only, one row when the content of a dataset changed; a dataset that was
    -- only touched
  -- (another stamp, other resource ids) has none. Remember the last `seq` and ask `WHERE seq > ?`. When
  -- `meta.epoch` is another one than you remember, the file was made anew, or an older copy was put back: read
  -- everything
  seq INTEGER PRIMARY KEY AUTOINCREMENT, -- strictly increasing; gaps have no meaning
  kind TEXT NOT NULL CHECK (kind IN ('create', 'update', 'delete')), -- `create`, `update`, `delete`
  dataset_id TEXT NOT NULL, -- `datasets.id`, or `deleted_datasets.id`
  name TEXT, -- its name at that time
  run_id INTEGER NOT NULL REFERENCES runs(id), -- `runs.id`
  recorded_at TEXT NOT NULL CHECK (recorded_at GLOB '????-??-??T??:??:??.??????Z'), -- our clock, UTC; the same for
    -- all changes stored with a page
  metadata_modified TEXT CHECK (metadata_modified GLOB '????-??-??T??:??:??.??????Z'), -- the portal's stamp of the
    -- record
  changed_fields TEXT, -- on an update: JSON array of the keys
  before TEXT, -- on an update: JSON object of these keys with the values that they had, without what churns; `null`
    -- where there was none. NULL otherwise, and where `history.keep` let it go (up to `meta.floor_seq`) or a version
    -- before 7 recorded it
  content_hash TEXT, -- after the change; on a delete the last one known
  replaced_by TEXT -- on a delete: the live id that bears the same name
) STRICT;

CREATE TABLE revivals ( -- ours: what a dataset that came back had been, as `changes.before` has it
  seq INTEGER PRIMARY KEY REFERENCES changes(seq), -- of its second `create`
  before TEXT NOT NULL
) STRICT;

CREATE TABLE quality_over_time ( -- the quality of each data owner, day by day: one row whenever it was another one
    -- than before; the last one not later than a day is what it was then
  owner TEXT NOT NULL, -- URI of the data owner; '' where records name none
  day TEXT NOT NULL CHECK (day GLOB '????-??-??'), -- our clock, UTC
  datasets INTEGER NOT NULL, -- live ones
  points REAL NOT NULL, -- as `quality_by_owner.points`
  counts TEXT NOT NULL, -- JSON object: how many of the datasets fail which check
  PRIMARY KEY (owner, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE rejections ( -- the quarantine: records that could not be read; a row leaves when its record can be read
    -- again
  key TEXT NOT NULL PRIMARY KEY, -- the dataset id, or `sha256:` and the hash of the bytes
  dataset_id TEXT, -- NULL when the record does not say
  run_id INTEGER NOT NULL REFERENCES runs(id), -- the last run that saw it so
  walk INTEGER NOT NULL, -- the last walk that saw it so
  reason TEXT NOT NULL CHECK (
    reason IN ('bad_json', 'bad_text', 'too_deep', 'too_large_record', 'not_an_object', 'no_id', 'bad_id')),
    -- `bad_json`, `bad_text`, `too_deep`, `too_large_record`, `not_an_object`, `no_id`, `bad_id`
  detail TEXT NOT NULL, -- one sentence
  record BLOB NOT NULL, -- the bytes as received
  first_seen TEXT NOT NULL CHECK (first_seen GLOB '????-??-??T??:??:??.??????Z'), -- when a run first saw it so
  last_seen TEXT NOT NULL CHECK (last_seen GLOB '????-??-??T??:??:??.??????Z'), -- when a run last saw it so
  attempts INTEGER NOT NULL -- how often
) STRICT;

CREATE TABLE fields ( -- the field table of DCAT-AP-DONL 1.0 and 1.1, from config/fields.csv. When a new
  -- version of the program has another table, the stored records are read again by it, with the next
  -- harvest
  entity TEXT NOT NULL CHECK (entity IN ('dataset', 'resource')), -- `dataset`, `resource`
  field TEXT NOT NULL, -- the key
  kind TEXT NOT NULL CHECK (
    kind IN ('text', 'uri', 'date', 'stamp', 'boolean', 'number', 'object', 'text list', 'uri list', 'object list',
      'display name')), -- `uri`, `uri list`, `text`, `display name`, …
  value_list TEXT, -- the list that the values are taken from
  dcat TEXT, -- term in DCAT
  iso19115 TEXT, -- path in ISO 19115
  label_nl TEXT, -- Dutch name of the field
  label_en TEXT, -- English name of the field
  names TEXT, -- on a display name: the field whose URI it names
  since TEXT, -- the version of DONL, or the month, that brought it
  until TEXT, -- the last version of DONL that has it
  renamed_to TEXT, -- the field of DONL 1.1 that means the same
  place INTEGER NOT NULL, -- its place in config/fields.csv
  PRIMARY KEY (entity, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE field_sightings ( -- ours: the keys and JSON types outside the columns
  key INTEGER PRIMARY KEY,
  entity TEXT NOT NULL CHECK (entity IN ('dataset', 'resource')), -- `dataset`, `resource`
  field TEXT NOT NULL, -- the key as sent
  json_type TEXT NOT NULL CHECK (json_type IN ('string', 'number', 'boolean', 'array', 'object')), -- `string`,
    -- `number`, `boolean`, `array`, `object`
  first_seen TEXT NOT NULL CHECK (first_seen GLOB '????-??-??T??:??:??.??????Z'), -- when a run first saw it
  datasets INTEGER NOT NULL DEFAULT 0, -- how many have it
  example TEXT, -- the first 200 characters of the smallest value; NULL until the end of the run when that is gone
  UNIQUE (entity, field, json_type)
) STRICT;

CREATE TABLE value_lists ( -- the portal's *waardelijsten*
  name TEXT NOT NULL PRIMARY KEY, -- as in `fields.value_list`
  url TEXT NOT NULL, -- where it was read
  fetched_at TEXT CHECK (fetched_at GLOB '????-??-??T??:??:??.??????Z'), -- when its present content came; NULL when
    -- none ever did
  checked_at TEXT CHECK (checked_at GLOB '????-??-??T??:??:??.??????Z'), -- when that was last found to be the present
    -- content
  entries INTEGER NOT NULL DEFAULT 0, -- how many, without what is gone
  etag TEXT, -- of the present content; asked with If-None-Match
  last_modified TEXT, -- of the present content, as sent; asked with If-Modified-Since
  failed_at TEXT CHECK (failed_at GLOB '????-??-??T??:??:??.??????Z'), -- when the last reading failed; NULL when it
    -- did not. The content is then that of before
  failure_reason TEXT, -- a stable word
  failure TEXT -- one sentence for a person
) STRICT, WITHOUT ROWID;

CREATE TABLE concept_labels ( -- what an entry was called: one row from when it was first seen, and one whenever the
    -- list called it
  -- otherwise; the last one not later than a moment is what it was called then
  list TEXT NOT NULL, -- `value_lists.name`
  uri TEXT NOT NULL, -- `concepts.uri`
  observed_at TEXT NOT NULL CHECK (observed_at GLOB '????-??-??T??:??:??.??????Z'), -- when we first saw it so, our
    -- clock
  label_nl TEXT, -- in Dutch
  label_en TEXT, -- in English
  parent TEXT, -- the `uri` above it on the same list
  PRIMARY KEY (list, uri, observed_at),
  FOREIGN KEY (list, uri) REFERENCES terms(list, value) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE spatial_schemes ( -- ours: what a spatial_scheme says of the spatial_value beside it
  scheme TEXT NOT NULL PRIMARY KEY,
  value_list TEXT -- the list that the value is taken from; NULL: it is a code of that scheme
) STRICT, WITHOUT ROWID;

INSERT INTO spatial_schemes (scheme, value_list)
SELECT 'http://standaarden.overheid.nl/owms/4.0/doc/' || column1, column2
FROM (VALUES
  ('waardelijsten/overheid.gemeente', 'Overheid:Gemeente'),
  ('waardelijsten/overheid.koninkrijksdeel', 'Overheid:Koninkrijksdeel'),
  ('waardelijsten/overheid.provincie', 'Overheid:Provincie'),
  ('waardelijsten/overheid.waterschap', 'Overheid:Waterschap'),
  ('syntax-codeerschemas/overheid.epsg28992', NULL),
  ('syntax-codeerschemas/overheid.postcodehuisnummer', NULL));

CREATE TABLE code_patterns ( -- ours: the forms that a code may have, as patterns of GLOB
  scheme TEXT NOT NULL REFERENCES spatial_schemes(scheme),
  pattern TEXT NOT NULL,
  but_not TEXT NOT NULL, -- a pattern that must not fit as well; '' fits nothing
  PRIMARY KEY (scheme, pattern)
) STRICT, WITHOUT ROWID;

-- An RD point: x and y in meters, each six digits, with or without millimeters.
WITH number(pattern) AS (
  VALUES ('[0-9][0-9][0-9][0-9][0-9][0-9]'), ('[0-9][0-9][0-9][0-9][0-9][0-9].[0-9][0-9][0-9]')
)
INSERT INTO code_patterns (scheme, pattern, but_not)
SELECT 'http://standaarden.overheid.nl/owms/4.0/doc/syntax-codeerschemas/overheid.epsg28992',
  x.pattern || ' ' || y.pattern, ''
FROM number x, number y;

-- A postcode: four digits, then two letters or not, then a house number without spaces or not.
WITH form(pattern) AS (
  VALUES (''), ('[A-Z][A-Z]'), ('[A-Z][A-Z][0-9]*')
)
INSERT INTO code_patterns (scheme, pattern, but_not)
SELECT
  'http://standaarden.overheid.nl/owms/4.0/doc/syntax-codeerschemas/overheid.postcodehuisnummer',
  '[1-9][0-9][0-9][0-9]' || pattern,
  '*[ ' || char(9, 10, 11, 12, 13) || ']*'
FROM form;

CREATE TABLE unserved_rows ( -- ours: records that the portal counts and does not serve
  key TEXT NOT NULL PRIMARY KEY, -- the dataset id, or `#` and a number where the portal shows none
  dataset_id TEXT, -- NULL where the portal shows none
  first_noted_at TEXT NOT NULL CHECK (first_noted_at GLOB '????-??-??T??:??:??.??????Z'), -- when a census first
    -- missed it
  noted_at TEXT NOT NULL CHECK (noted_at GLOB '????-??-??T??:??:??.??????Z'), -- when a census last missed it
  detail TEXT NOT NULL -- why, or where in the list, for a person
) STRICT, WITHOUT ROWID;

CREATE VIEW fts_rows AS -- ours: what datasets_fts indexes, by all_datasets.key
SELECT
  d.key AS rowid,
  d.id AS dataset_id,
  d.name,
  d.title,
  d.notes,
  (SELECT group_concat(t.name, ' ') FROM tag_rows t WHERE t.dataset = d.key) AS tags, -- all of them
  d.organization_title AS organization, -- title of the organization
  (SELECT group_concat(r.name, ' ') FROM resource_rows r WHERE r.dataset = d.key) AS resources -- their names
FROM all_datasets d
WHERE d.deleted_at IS NULL;

CREATE VIRTUAL TABLE datasets_fts USING fts5(
  -- full-text search in the live datasets: `WHERE datasets_fts MATCH 'words'`. Accents do not matter,
  -- `word*` finds beginnings; there is no Dutch stemming
  dataset_id UNINDEXED, name, title, notes, tags, organization, resources,
  content='fts_rows', content_rowid='rowid',
  tokenize="unicode61 remove_diacritics 2"
);
