#!/usr/bin/env python3
"""What SQLite alone takes for the file: the rows of a finished mirror, copied into the same tables of a new one by
INSERT ... SELECT, page by page in a WAL as a first harvest writes them; then the indexes, then the search. Nothing is
fetched, read, hashed or bound, and one statement writes all rows that a page has in a table."""

import argparse
import os
import resource
import sqlite3
import time

WAL_BYTES_MAX = 16 << 20
BY_DATASET = ("sightings", "record_rows", "resource_rows", "uri_rows", "extra_rows", "tag_rows", "group_rows")
# Table and key: they grow with the pages too.
GROWING = (("terms", "key"), ("display_names", "key"), ("changes", "seq"))
SEARCH = "dataset_id, name, title, notes, tags, organization, resources"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mirror", help="a database after its first harvest")
    parser.add_argument("copy", help="the file to make; it must not exist")
    parser.add_argument("--rows", type=int, default=250, help="datasets a page")
    options = parser.parse_args()
    if not os.path.isfile(options.mirror):
        parser.error(f"{options.mirror} is no database")
    if os.path.exists(options.copy):
        parser.error(f"{options.copy} is there already")

    db = sqlite3.connect(options.copy, isolation_level=None)
    db.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -4096;"
        "PRAGMA wal_autocheckpoint = 0;")
    db.execute("ATTACH ? AS old", (options.mirror,))
    schema = db.execute(
        "SELECT type, name, sql FROM old.sqlite_schema WHERE sql IS NOT NULL"
        " AND name NOT GLOB 'sqlite_*' AND name NOT GLOB 'datasets_fts_*'").fetchall()

    def make(kind):
        for type, _, sql in schema:
            if type == kind:
                db.execute(sql)

    def checkpoint(least=WAL_BYTES_MAX):
        if os.path.getsize(options.copy + "-wal") > least:
            db.execute("PRAGMA main.wal_checkpoint(PASSIVE)")

    def largest(table, key):
        return db.execute(f"SELECT max({key}) FROM old.{table}").fetchone()[0] or 0

    def copy(table, key, after, to):
        db.execute(
            f"INSERT INTO main.{table} SELECT * FROM old.{table} WHERE {key} > ? AND {key} <= ?", (after, to))

    began = time.process_time()

    def tell(what):
        nonlocal began
        now = time.process_time()
        print(f"{what}: {now - began:.2f} s")
        began = now

    make("table")
    last = largest("all_datasets", "key")
    keys = {table: largest(table, key) for table, key in GROWING}
    pages = -(-last // options.rows)
    for page in range(pages):
        after, to = page * options.rows, (page + 1) * options.rows
        db.execute("BEGIN IMMEDIATE")
        copy("all_datasets", "key", after, to)
        for table in BY_DATASET:
            copy(table, "dataset", after, to)
        for table, key in GROWING:
            copy(table, key, keys[table] * page // pages, keys[table] * (page + 1) // pages)
        db.execute("COMMIT")
        checkpoint()
    done = {"all_datasets", "datasets_fts", *BY_DATASET, *keys}
    for type, table, _ in schema:
        if type == "table" and table not in done:
            db.execute(f"INSERT OR REPLACE INTO main.{table} SELECT * FROM old.{table}")
    tell("rows")
    make("index")
    checkpoint()
    tell("indexes")
    make("view")
    for page in range(pages):
        db.execute(
            f"INSERT INTO datasets_fts (rowid, {SEARCH}) SELECT rowid, {SEARCH} FROM fts_rows"
            " WHERE rowid > ? AND rowid <= ?", (page * options.rows, (page + 1) * options.rows))
        checkpoint()
    checkpoint(0)
    tell("search")
    for table in ("all_datasets", "datasets_fts", *BY_DATASET, *keys):
        old, new = (db.execute(f"SELECT count(*) FROM {side}.{table}").fetchone()[0] for side in ("old", "main"))
        if old != new:
            raise SystemExit(f"{table}: {new} rows instead of {old}")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(f"CPU with start and counting: {usage.ru_utime + usage.ru_stime:.2f} s,"
          f" file {os.path.getsize(options.copy) >> 20} MiB")


if __name__ == "__main__":
    main()
