#!/usr/bin/env python3
"""Times what readers ask of a mirror, each beside the plain scan of the largest table that it reads.

usage: bench/reading.py MIRROR.db [--rounds N]

All in one process, read-only, every row fetched; CPU in milliseconds, the least of N rounds. `scan` is
`SELECT *` of the table named, and `ratio` is against that. A question about one thing should take at
most 10 ms, one about everything three times the scan: what does not is marked with !. Behind such a view
stands what the same rows and columns cost when a plain table holds them: the rest is the view.
"""

import argparse
import pathlib
import re
import sqlite3
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
POINT_MS_MAX = 10
SCAN_RATIO_MAX = 3
COPIED_ROWS_MAX = 2_000_000

VIEWS = {
    "datasets": "all_datasets", "resources": "resource_rows", "tags": "tag_rows",
    "dataset_groups": "group_rows", "extras": "extra_rows", "records": "record_rows",
    "field_census": "field_sightings", "uri_values": "uri_rows", "field_values": "uri_rows",
    "stale_display_names": "uri_rows", "unlisted_uris": "uri_rows", "malformed_uris": "uri_rows",
    "value_list_usage": "uri_rows", "theme_datasets": "uri_rows", "labeled_datasets": "all_datasets",
    "labeled_resources": "resource_rows", "changes": "changes",
}
POINTS = [
    "SELECT * FROM datasets WHERE name = :name",
    "SELECT * FROM datasets WHERE authority = :owner",
    "SELECT * FROM uri_values WHERE dataset_id = :id",
    "SELECT * FROM uri_values WHERE uri = :owner",
    "SELECT * FROM uri_values WHERE label_nl = :label",
    "SELECT * FROM uri_values WHERE field = 'theme' AND uri = :theme LIMIT 100",
    "SELECT * FROM theme_datasets WHERE theme = :theme",
    "SELECT * FROM labeled_datasets WHERE id = :id",
    "SELECT * FROM labeled_datasets WHERE owner = :owner",
    "SELECT * FROM labeled_resources WHERE dataset_id = :id",
    *[f"SELECT * FROM datasets d JOIN {part} u ON u.dataset_id = d.id WHERE d.name = :name"
      for part in ("uri_values", "resources", "extras", "tags", "records")],
]
# Which table the documented queries read most of.
DOCUMENTED = {
    "owners-and-licenses": "all_datasets", "formats": "resource_rows", "search": "all_datasets",
    "dataset": None, "datasets-by-theme": "uri_rows", "changed-since": "changes",
    "vanished": "all_datasets", "not-open": "all_datasets", "stale-labels": "uri_rows",
    "malformed": "uri_rows", "unknown-fields": "field_sightings", "freshness": "all_datasets",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    db = sqlite3.connect(f"file:{options.database}?mode=ro", uri=True)

    def cost(sql, arguments=()):
        least = None
        for _ in range(options.rounds):
            began = time.process_time()
            rows = len(db.execute(sql, arguments).fetchall())
            spent = (time.process_time() - began) * 1000
            least = spent if least is None else min(least, spent)
        return least, rows

    middle = db.execute("SELECT count(*) / 2 FROM datasets").fetchone()[0]
    one = db.execute(
        "SELECT id, name, authority FROM datasets ORDER BY id LIMIT 1 OFFSET ?", [middle]).fetchone()
    theme = db.execute("SELECT uri FROM uri_values WHERE field = 'theme' LIMIT 1").fetchone()
    label = db.execute("SELECT label_nl FROM concepts WHERE label_nl IS NOT NULL LIMIT 1").fetchone()
    wanted = {"id": one[0], "name": one[1], "owner": one[2], "theme": (theme or ["-"])[0],
              "label": (label or ["-"])[0], "words": "riol*", "dataset": one[1], "since": "2020"}
    queries = dict(re.findall(
        r"^-- ([\w-]+): .+\n([^;]+);$",
        (ROOT / "config/datasette-queries.sql").read_text(encoding="utf-8"), re.MULTILINE))

    scans = {table: cost(f"SELECT * FROM {table}")[0]
             for table in {*VIEWS.values(), *filter(None, DOCUMENTED.values())}}
    print("| question | ms | rows | scan of | ms | ratio |\n|---|---|---|---|---|---|")

    def plain(view, rows):
        if rows > COPIED_ROWS_MAX:
            return ""
        db.execute(f"CREATE TEMP TABLE plain AS SELECT * FROM {view}")
        spent, _ = cost("SELECT * FROM temp.plain")
        db.execute("DROP TABLE temp.plain")
        return f" as a plain table {spent:.0f} ms"

    def line(name, sql, table, view=None):
        arguments = {key: value for key, value in wanted.items() if f":{key}" in sql}
        spent, rows = cost(sql, arguments)
        if table is None:
            mark = " !" if spent > POINT_MS_MAX else ""
            print(f"| `{name}` | {spent:.1f}{mark} | {rows} | | | |", flush=True)
            return
        ratio = spent / max(scans[table], 0.01)
        is_slow = ratio > SCAN_RATIO_MAX and spent > POINT_MS_MAX
        mark = " !" + (plain(view, rows) if view else "") if is_slow else ""
        print(f"| `{name}` | {spent:.0f} | {rows} | `{table}` | {scans[table]:.0f} | {ratio:.1f}{mark} |",
              flush=True)

    for sql in POINTS:
        line(sql, sql, None)
    for name, sql in queries.items():
        line(name, sql, DOCUMENTED.get(name, "all_datasets"))
    for view, table in VIEWS.items():
        line(f"SELECT * FROM {view}", f"SELECT * FROM {view}", table, view)


if __name__ == "__main__":
    main()
