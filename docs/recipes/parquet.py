#!/usr/bin/env python3
"""Parquet by DuckDB: parquet.py MIRROR.db FOLDER

One file a table, types and all, from one state of the mirror (export csv), for Spark, Trino, DuckDB, pandas.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import duckdb

mirror, folder = sys.argv[1], pathlib.Path(sys.argv[2])
folder.mkdir(exist_ok=True)
types = {"integer": "BIGINT", "datetime": "TIMESTAMP", "string": "VARCHAR"}
with tempfile.TemporaryDirectory() as work:
    tables = pathlib.Path(work) / "tables"
    subprocess.run(["donl-mirror", "export", "csv", "--output", tables, "--db", mirror], check=True)
    for table in json.loads((tables / "datapackage.json").read_text())["resources"]:
        columns = {field["name"]: types[field["type"]] for field in table["schema"]["fields"]}
        # An empty text is "" and NULL is nothing; DuckDB tells them apart when it is told to.
        rows = duckdb.sql(f"""
            SELECT * FROM read_csv('{tables / table["path"]}', header = true, columns = {columns},
              delim = ',', quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false,
              max_line_size = 100000000, parallel = false, timestampformat = '%Y-%m-%dT%H:%M:%S.%fZ')
        """)
        rows.write_parquet(str(folder / f"{table['name']}.parquet"), compression="zstd")
