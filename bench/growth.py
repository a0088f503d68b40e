#!/usr/bin/env python3
"""Watches first harvests of growing catalogues, and prints what a dataset costs in each.

usage: bench/growth.py --mirror PROGRAM --folder FOLDER PORTAL...

For each portal a harvest into a new file: CPU a dataset of the walk and of the end, which is all that
comes after the last page (indexes, statistics, census, proof); the peak of memory; the largest
write-ahead log that was seen; the file. Ends with 1 when a log grew beyond 100 MB.
"""

import argparse
import contextlib
import os
import pathlib
import sqlite3
import subprocess
import sys
import time

from measure import environment_in, portal_answers, query, remove

WAL_BYTES_MAX = 100_000_000
PERIOD_SECONDS = 0.05
TICKS = os.sysconf("SC_CLK_TCK")
# With the digits behind the point.
COLUMNS = {"datasets": 0, "walk, us a dataset": 0, "end, us a dataset": 0, "CPU s": 1, "system s": 1,
           "peak MiB": 0, "largest WAL MB": 0, "file MB": 0}


def cpu_of(process):
    """Seconds, user and system."""
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Watch:
    """Looks at a harvest from outside, as any reader of the file can."""

    def __init__(self, process, database):
        self.process, self.database = process, database
        self.pages, self.walk, self.wal = 0, 0.0, 0

    def look(self):
        with contextlib.suppress(FileNotFoundError):
            self.wal = max(self.wal, os.path.getsize(self.database + "-wal"))
        with contextlib.suppress(sqlite3.OperationalError):
            pages = query(self.database, "SELECT max(pages) FROM runs") or 0
            if pages > self.pages:
                self.pages, self.walk = pages, cpu_of(self.process)


def harvest(mirror, portal, database, environment):
    remove(database)
    with open(database + ".log", "wb") as log:
        child = subprocess.Popen(
            [mirror, "harvest", "--portal", portal, "--db", database], env=environment,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    watch = Watch(child.pid, database)
    while os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        watch.look()
        time.sleep(PERIOD_SECONDS)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.stderr.write(pathlib.Path(database + ".log").read_text(errors="replace"))
        sys.exit(f"the harvest of {portal} ended with {child.returncode}")
    return watch, usage


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mirror", required=True, help="the donl-mirror binary")
    parser.add_argument("--folder", required=True, help="where databases go")
    parser.add_argument("--keep", action="store_true", help="leave them there, for reading.py")
    parser.add_argument("--no-heading", action="store_true", help="print the rows of the table alone")
    parser.add_argument("portals", nargs="+", help="site bases, such as http://127.0.0.1:8080")
    options = parser.parse_args()

    environment = environment_in(options.folder)
    if not options.no_heading:
        print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
    largest = 0
    for number, portal in enumerate(options.portals):
        portal_answers(portal)
        database = os.path.join(options.folder, f"growth{number}.db")
        watch, usage = harvest(options.mirror, portal, database, environment)
        count = query(database, "SELECT count(*) FROM datasets")
        cpu = usage.ru_utime + usage.ru_stime
        figures = (
            count, watch.walk / count * 1e6, (cpu - watch.walk) / count * 1e6, cpu, usage.ru_stime,
            usage.ru_maxrss / 1024, watch.wal / 1e6, os.path.getsize(database) / 1e6)
        cells = [f"{figure:.{digits}f}" for figure, digits in zip(figures, COLUMNS.values())]
        print(f"| {' | '.join(cells)} |", flush=True)
        largest = max(largest, watch.wal)
        if not options.keep:
            remove(database)
    sys.exit(f"a write-ahead log grew to {largest / 1e6:.0f} MB" if largest > WAL_BYTES_MAX else 0)


if __name__ == "__main__":
    main()
