-- Schema version 2: value lists are read, and what their entries were called is kept.

ALTER TABLE value_lists ADD COLUMN etag TEXT; -- of the present content; asked with If-None-Match
ALTER TABLE value_lists ADD COLUMN last_modified TEXT; -- of the present content, as sent; asked with If-Modified-Since
ALTER TABLE value_lists ADD COLUMN failed_at TEXT; -- when the last reading failed; NULL when it did not. The content is then that of before
ALTER TABLE value_lists ADD COLUMN failure_reason TEXT; -- a stable word
ALTER TABLE value_lists ADD COLUMN failure TEXT; -- one sentence for a person

ALTER TABLE concepts ADD COLUMN type TEXT; -- what the list says about the kind of an organization
ALTER TABLE concepts ADD COLUMN slug TEXT; -- what the list says about the name of a catalogue in URLs

CREATE TABLE concept_labels ( -- what an entry was called: one row from when it was first seen, and one whenever the list called it
  -- otherwise; the last one not later than a moment is what it was called then
  list TEXT NOT NULL, -- `value_lists.name`
  uri TEXT NOT NULL, -- `concepts.uri`
  observed_at TEXT NOT NULL, -- when we first saw it so, our clock
  label_nl TEXT, -- in Dutch
  label_en TEXT, -- in English
  parent TEXT, -- the `uri` above it on the same list
  PRIMARY KEY (list, uri, observed_at),
  FOREIGN KEY (list, uri) REFERENCES concepts(list, uri) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
