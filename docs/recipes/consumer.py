#!/usr/bin/env python3
"""Follows the feed into a store of its own: consumer.py MIRROR.db STORE.db

The cursor is kept in the transaction of what was made of it: killed, it goes on where its store is.
"""
import json
import sqlite3
import subprocess
import sys

mirror, path = sys.argv[1:]
store = sqlite3.connect(path)
store.execute("CREATE TABLE IF NOT EXISTS cursor (epoch TEXT, seq INTEGER)")
store.execute("CREATE TABLE IF NOT EXISTS datasets (id TEXT PRIMARY KEY, seq INTEGER, title TEXT, hash TEXT)")


def apply(*command):
    with store:  # one transaction
        if command[0] == "export":
            store.execute("DELETE FROM datasets")
        with subprocess.Popen(["donl-mirror", *command, "--db", mirror], stdout=subprocess.PIPE) as child:
            for line in map(json.loads, child.stdout):
                store.execute("DELETE FROM datasets WHERE id = ? AND seq < ?", (line["dataset_id"], line["seq"]))
                if line["record"] is not None:
                    store.execute(
                        "INSERT OR IGNORE INTO datasets VALUES (?, ?, ?, ?)",
                        (line["dataset_id"], line["seq"], line["record"].get("title"), line["content_hash"]))
                store.execute("DELETE FROM cursor")
                store.execute("INSERT INTO cursor VALUES (?, ?)", (line["epoch"], line.get("as_of", line["seq"])))
        if child.returncode:  # nothing of it stays
            raise SystemExit(child.returncode)


try:
    cursor = store.execute("SELECT seq, epoch FROM cursor").fetchone()
    apply(*(("changes", "--since", str(cursor[0]), "--epoch", cursor[1]) if cursor else ("export", "ndjson")))
except SystemExit as end:
    if end.code != 3:
        raise
    apply("export", "ndjson")  # the feed does not go on where we are
