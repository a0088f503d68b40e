#!/usr/bin/env python3
"""Runs donl-mirror and hand-written scripts in turn against one portal, and prints what each cost.

donl-mirror: a first harvest, a full walk in which nothing has changed, and a run that finds nothing new.
Beside it: baseline.py, a script of an afternoon; same_rows.py, which stores the rows that the mirror has;
ckanapi and sqlite-utils, where they are installed; and the floor, which is to fetch and inflate every
page, and VACUUM INTO of the finished file. Where the folder of the yardstick is given (--yardstick), its
tight.py is run too: it stores less (no URIs of resources, no search, no feed).

CPU, wall and peak memory are those of the child process and its children, as the kernel counts them;
what was written is what they gave to write(), the write-ahead log included.
Ends with 1 when a limit is passed: twice the CPU of baseline.py, or 128 MiB.
"""

import argparse
import json
import os
import pathlib
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
CPU_RATIO_MAX = 2.0
PEAK_RSS_MIB_MAX = 128.0
PORTAL_START_SECONDS_MAX = 60


def environment_in(folder):
    """Without the configuration of the machine, without a proxy, and with no lists to fetch elsewhere."""
    settings = os.path.join(folder, "bench.yaml")
    pathlib.Path(settings).write_text("lists:\n  url: http://127.0.0.1:9/\n")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("DONL_MIRROR_") and not name.lower().endswith("_proxy")
    }
    return kept | {"DONL_MIRROR_CONFIG": settings}


def cost_of(command, environment, log):
    """CPU and wall in seconds, peak memory and what was written in MiB; exits when the command fails."""
    began = time.monotonic()
    with open(log, "wb") as output:
        child = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        wall = time.monotonic() - began
        written = written_by(child.pid)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.stderr.write(pathlib.Path(log).read_text(errors="replace"))
        sys.exit(f"{command[0]} ended with {child.returncode}")
    return {
        "cpu": usage.ru_utime + usage.ru_stime,
        "wall": wall,
        "rss": usage.ru_maxrss / 1024,
        "written": written,
    }


def written_by(process):
    """MiB that an ended process, and what it waited for, gave to write()."""
    lines = pathlib.Path(f"/proc/{process}/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["wchar"]) / (1 << 20)


def size_of(database):
    """In MiB, with the write-ahead log if it was left behind."""
    files = [database, database + "-wal"]
    return sum(os.path.getsize(name) for name in files if os.path.exists(name)) / (1 << 20)


def query(database, sql):
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchone()[0]
    finally:
        connection.close()


# What holds the catalogue; the fields and the lists stand in the mirror whether they occur or not. A row of
# extra_rows holds many extras, which the view counts.
ROWS = (
    "all_datasets", "resource_rows", "uri_rows", "terms", "display_names", "extra_rows", "extras", "tag_rows",
    "group_rows", "organizations", "groups", "record_rows", "changes", "sightings", "datasets_fts",
)


def same_work(mirror, script, tables):
    """Exits where the script has not as many rows as the mirror: there is nothing to compare."""
    ours, theirs = (
        {table: query(database, f"SELECT count(*) FROM {table}") for table in tables}
        for database in (mirror, script))
    if ours != theirs:
        sys.exit(f"not the same work: donl-mirror stored {ours}, the script {theirs}")


def remove(database):
    for name in (database, database + "-wal", database + "-shm"):
        if os.path.exists(name):
            os.remove(name)


def portal_answers(address):
    request = address + "/api/3/action/package_search?rows=0"
    deadline = time.monotonic() + PORTAL_START_SECONDS_MAX
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(request, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    sys.exit(f"the portal does not answer at {address}")


# What the runs of the mirror are held against.
OTHERS = ("tight.py", "same_rows.py", "baseline.py", "ckanapi, sqlite-utils", "floor")

COLUMNS = {"cpu": "CPU s", "wall": "wall s", "rss": "peak MiB", "written": "written MiB",
           "size": "file MiB", "requests": "requests"}


def line(name, cost):
    cells = ["" if cost[key] is None else f"{cost[key]:.2f}" if key in ("cpu", "wall") else
             f"{cost[key]:.0f}" for key in COLUMNS]
    return f"| {name} | {' | '.join(cells)} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mirror", required=True, help="the donl-mirror binary")
    parser.add_argument("--portal", required=True)
    parser.add_argument("--folder", required=True, help="where databases and logs go")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--yardstick", help="the folder with tight.py")
    parser.add_argument("--keep", help="where the last database is kept, for reading.py")
    parser.add_argument("--medians", help="where the medians go, as JSON, for changing.py")
    options = parser.parse_args()
    portal_answers(options.portal)

    environment = environment_in(options.folder)
    costs = {}
    tight = os.path.join(options.yardstick or "", "tight.py")
    if not os.path.exists(tight):
        print("tight.py is not here (--yardstick): its ratio is left out", file=sys.stderr)
    print(f"| | {' | '.join(COLUMNS.values())} |\n|{'---|' * (len(COLUMNS) + 1)}")

    def note(name, cost, database=None, requests=None):
        cost["size"] = database and size_of(database)
        cost["requests"] = requests
        costs.setdefault(name, []).append(cost)
        print(line(name, cost), flush=True)

    def beside(name, command, database=None):
        """Runs something else than the mirror, and leaves its database."""
        if database:
            remove(database)
        note(name, cost_of(command, environment, os.path.join(options.folder, "log")), database)

    def path(name):
        return os.path.join(options.folder, name)

    action = options.portal + "/api/3/action"
    for turn in range(1, options.rounds + 1):
        mirror = path(f"mirror{turn}.db")
        target = ["--portal", options.portal, "--db"]
        for name, flags in (
            ("first harvest", []), ("full walk, nothing changed", ["--full"]), ("nothing new", []),
        ):
            command = [options.mirror, "harvest", *target, mirror, *flags]
            cost = cost_of(command, environment, mirror + ".log")
            requests = query(mirror, "SELECT requests FROM runs ORDER BY id DESC LIMIT 1")
            note(name, cost, mirror, requests)

        if os.path.exists(tight):
            beside("tight.py", [sys.executable, tight, action, path("tight.db"), "100", "--raw"], path("tight.db"))
        script = path("script.db")
        beside("baseline.py", [sys.executable, str(HERE / "baseline.py"), *target, script], script)
        same_work(mirror, script, ("datasets", "resources", "tags"))
        beside("same_rows.py", [sys.executable, str(HERE / "same_rows.py"), *target, script], script)
        same_work(mirror, script, ROWS)
        if all(map(shutil.which, ("ckanapi", "sqlite-utils"))):
            beside("ckanapi, sqlite-utils", ["/bin/sh", "-c", (
                f"ckanapi search datasets 'q=*:*' -r {options.portal}"
                f" | sqlite-utils insert {script} datasets - --nl --pk id --alter")], script)
            same_work(mirror, script, ("datasets",))
        beside("floor: fetch", [sys.executable, str(HERE / "fetch.py"), "--portal", options.portal])
        remove(script)
        beside("floor: VACUUM INTO", [sys.executable, "-c", (
            "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('VACUUM INTO ?', sys.argv[2:])"),
            mirror, script])
        remove(script)
        ours = {table: query(mirror, f"SELECT count(*) FROM {table}") for table in ("datasets", "resources")}
        if options.keep and turn == options.rounds:
            os.replace(mirror, options.keep)
        else:
            os.remove(mirror)

    print(f"\nMedians of {options.rounds} rounds, with {ours}:\n")
    print(f"| | {' | '.join(COLUMNS.values())} |\n|{'---|' * (len(COLUMNS) + 1)}")
    middle = {
        name: {key: statistics.median(cost[key] for cost in rounds)
               if rounds[0][key] is not None else None for key in COLUMNS}
        for name, rounds in costs.items()
    }
    for name, cost in middle.items():
        print(line(name, cost))
    ratio = {}
    for other in OTHERS:
        if other == "floor":
            parts = ("floor: fetch", "floor: VACUUM INTO")
            middle[other] = {key: sum(middle[part][key] for part in parts) for key in ("cpu", "wall")}
        if other not in middle:
            continue
        for name in ("first harvest", "full walk, nothing changed"):
            cpu, wall = (middle[name][key] / middle[other][key] for key in ("cpu", "wall"))
            print(f"{name} / {other}: CPU {cpu:.2f}, wall {wall:.2f}")
            ratio[name, other] = cpu
    if options.medians:
        pathlib.Path(options.medians).write_text(json.dumps(middle))

    broken = []
    cpu = ratio["first harvest", "baseline.py"]
    if cpu > CPU_RATIO_MAX:
        broken.append(f"CPU is {cpu:.2f} times the script's; {CPU_RATIO_MAX} is the limit")
    peak = max(cost["rss"] for cost in costs["first harvest"])
    if peak > PEAK_RSS_MIB_MAX:
        broken.append(f"peak memory is {peak:.0f} MiB; {PEAK_RSS_MIB_MAX:.0f} is the limit")
    sys.exit("\n".join(broken) or 0)


if __name__ == "__main__":
    main()
