#!/usr/bin/env python3
"""What each export of a mirror costs: seconds, CPU, peak of memory, bytes; and what PostgreSQL takes to load it.

usage: bench/exports.py --mirror PROGRAM [--psql "psql -h … -U …"] DATABASE...

Each export goes to a pipe that is read and thrown away. With two databases, time a dataset and peak stand beside each
other: the one must stay, the other too.
"""

import argparse
import os
import shlex
import sqlite3
import subprocess
import sys
import tempfile
import time

FORMATS = ["ndjson", "csv", "ntriples", "turtle", "jsonld", "postgres"]


def run(command, output=None):
    began = time.monotonic()
    child = subprocess.Popen(command, stdout=output or subprocess.PIPE, stderr=subprocess.DEVNULL)
    size = 0
    if output is None:
        while block := child.stdout.read(1 << 20):
            size += len(block)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"{command} ended with {os.waitstatus_to_exitcode(status)}")
    return {"wall": time.monotonic() - began, "cpu": usage.ru_utime + usage.ru_stime,
            "peak": usage.ru_maxrss / 1024, "bytes": size}


def export(mirror, form, database, folder):
    command = [mirror, "export", form, "--db", database]
    if form != "csv":
        return run(command)
    tables = os.path.join(folder, "tables")
    result = run([*command, "--output", tables], subprocess.DEVNULL)
    result["bytes"] = sum(entry.stat().st_size for entry in os.scandir(tables))
    subprocess.run(["rm", "-r", tables], check=True)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mirror", required=True)
    parser.add_argument("--psql", help="how to reach a PostgreSQL that is there for nothing else")
    parser.add_argument("databases", nargs="+")
    options = parser.parse_args()
    for database in options.databases:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as db:
            datasets = db.execute("SELECT count(*) FROM datasets").fetchone()[0]
        print(f"\n{datasets} datasets\n\n| export | wall s | CPU s | us a dataset | peak MiB | MB |\n|---|---|---|---|---|---|")
        with tempfile.TemporaryDirectory() as folder:
            for form in FORMATS:
                r = export(options.mirror, form, database, folder)
                print(f"| {form} | {r['wall']:.1f} | {r['cpu']:.1f} | {r['cpu'] / datasets * 1e6:.0f} "
                      f"| {r['peak']:.0f} | {r['bytes'] / 1e6:.0f} |", flush=True)
            if options.psql:
                load(options, database, folder)


def load(options, database, folder):
    script, dump = os.path.join(folder, "load.sql"), os.path.join(folder, "dump.sql")
    subprocess.run([options.mirror, "export", "postgres", "--db", database, "--output", script, "--schema", "bench"],
                   check=True, stderr=subprocess.DEVNULL)
    psql = [*shlex.split(options.psql), "-X", "-q"]
    first = run([*psql, "-f", script], subprocess.DEVNULL)["wall"]
    again = run([*psql, "-f", script], subprocess.DEVNULL)["wall"]
    subprocess.run([*psql, "-c", "DROP SCHEMA bench CASCADE"], check=True, stderr=subprocess.DEVNULL)
    with open(dump, "wb") as out:
        subprocess.run(["sqlite3", "-readonly", database, ".dump"], stdout=out, check=True)
    began = time.monotonic()
    with open(dump, "rb") as text:
        subprocess.run(["sqlite3", os.path.join(folder, "back.db")], stdin=text, check=True, stderr=subprocess.DEVNULL)
    print(f"\npsql loads it in {first:.1f} s, once more in {again:.1f} s; sqlite3 reads .dump back in "
          f"{time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
