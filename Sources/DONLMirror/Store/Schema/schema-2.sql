-- Schema version 2: value lists are read, and what their entries were called is kept.

ALTER TABLE value_lists ADD COLUMN etag TEXT; -- of the present content; asked with If-None-Match
ALTER TABLE value_lists ADD COLUMN last_modified TEXT; -- of the present content; asked with If-Modified-Since
ALTER TABLE value_lists ADD COLUMN failed_at TEXT; -- when it was last asked for and did not come well; NULL when it did
ALTER TABLE value_lists ADD COLUMN failure_reason TEXT; -- a stable word
ALTER TABLE value_lists ADD COLUMN failure TEXT; -- one sentence for a person

ALTER TABLE concepts ADD COLUMN type TEXT; -- of an organization: what kind of body it is
ALTER TABLE concepts ADD COLUMN slug TEXT; -- of a catalogue: its name in URLs

CREATE TABLE concept_labels ( -- what an entry was called: one row when it came, one whenever that changed
  list TEXT NOT NULL,
  uri TEXT NOT NULL,
  observed_at TEXT NOT NULL, -- when we first saw it so, our clock
  label_nl TEXT,
  label_en TEXT,
  parent TEXT,
  PRIMARY KEY (list, uri, observed_at),
  FOREIGN KEY (list, uri) REFERENCES concepts(list, uri) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
