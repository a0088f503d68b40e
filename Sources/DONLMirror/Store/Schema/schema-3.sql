-- Schema version 3: which list a value is taken from is asked of the field table, not stored beside each value.

ALTER TABLE dataset_uri_rows DROP COLUMN value_list;
ALTER TABLE resource_uri_rows DROP COLUMN value_list;

ALTER TABLE fields ADD COLUMN renamed_to TEXT; -- the field of DONL 1.1 that means the same

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
