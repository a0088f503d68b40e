#!/usr/bin/env python3
"""Runs donl-mirror and hand-written scripts in turn against one portal, and prints what each cost.

donl-mirror: a first harvest, a full walk in which nothing has changed, and a run that finds nothing new.
baseline.py stores the same datasets, resources and tags, otherwise there is nothing to compare. Where the
folder of the yardstick is given (--yardstick), its tight.py is run too: it stores less (no URIs of
resources, no search, no feed).

CPU, wall, peak memory and what was written are those of the child process, as the kernel counts them.
Ends with 1 when a limit is passed: twice the CPU of baseline.py, or 128 MiB.
"""

import argparse
import os
import pathlib
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


def cost_of(command, environment, log):
    """CPU and wall in seconds, peak memory in MiB; exits when the command fails."""
    began = time.monotonic()
    with open(log, "wb") as output:
        child = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - began
    if child.returncode != 0:
        sys.stderr.write(pathlib.Path(log).read_text(errors="replace"))
        sys.exit(f"{command[0]} ended with {child.returncode}")
    return {
        "cpu": usage.ru_utime + usage.ru_stime,
        "wall": wall,
        "rss": usage.ru_maxrss / 1024,
        "written": usage.ru_oublock * 512 / (1 << 20),
    }


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


def contents(database):
    tables = ("datasets", "resources", "tags")
    return {table: query(database, f"SELECT count(*) FROM {table}") for table in tables}


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


COLUMNS = {"cpu": "CPU s", "wall": "wall s", "rss": "peak MiB", "written": "written MiB",
           "size": "file MiB", "requests": "requests"}


def line(name, cost):
    cells = [f"{cost[key]:.2f}" if key in ("cpu", "wall") else
             "" if cost[key] is None else f"{cost[key]:.0f}" for key in COLUMNS]
    return f"| {name} | {' | '.join(cells)} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mirror", required=True, help="the donl-mirror binary")
    parser.add_argument("--portal", required=True)
    parser.add_argument("--folder", required=True, help="where databases and logs go")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--yardstick", help="the folder with tight.py")
    parser.add_argument("--keep", help="where the last database is kept, for reading.py")
    options = parser.parse_args()
    portal_answers(options.portal)

    # No configuration of the machine, and no proxy, may slip in.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("DONL_MIRROR_") and not name.lower().endswith("_proxy")
    }
    nothing = os.path.join(options.folder, "nothing.yaml")
    pathlib.Path(nothing).write_text("# the defaults\n")
    environment["DONL_MIRROR_CONFIG"] = nothing
    costs = {}
    tight = os.path.join(options.yardstick or "", "tight.py")
    if not os.path.exists(tight):
        print("tight.py is not here (--yardstick): its ratio is left out", file=sys.stderr)
    print(f"| | {' | '.join(COLUMNS.values())} |\n|{'---|' * (len(COLUMNS) + 1)}")

    def note(name, cost, database, requests=None):
        cost["size"] = size_of(database)
        cost["requests"] = requests
        costs.setdefault(name, []).append(cost)
        print(line(name, cost), flush=True)

    for turn in range(1, options.rounds + 1):
        mirror = os.path.join(options.folder, f"mirror{turn}.db")
        script = os.path.join(options.folder, f"script{turn}.db")
        target = ["--portal", options.portal, "--db"]
        for name, flags in (
            ("first harvest", []), ("full walk, nothing changed", ["--full"]), ("nothing new", []),
        ):
            command = [options.mirror, "harvest", *target, mirror, *flags]
            cost = cost_of(command, environment, mirror + ".log")
            requests = query(mirror, "SELECT requests FROM runs ORDER BY id DESC LIMIT 1")
            note(name, cost, mirror, requests)

        command = [sys.executable, str(HERE / "baseline.py"), *target, script]
        cost = cost_of(command, environment, script + ".log")
        last = pathlib.Path(script + ".log").read_text().splitlines()[-1]
        note("baseline.py", cost, script, int(last.split('"requests": ')[1].split(",")[0]))
        ours, theirs = contents(mirror), contents(script)
        if ours != theirs:
            sys.exit(f"not the same work: donl-mirror stored {ours}, baseline.py {theirs}")

        if os.path.exists(tight):
            lean = os.path.join(options.folder, "tight.db")
            action = options.portal + "/api/3/action"
            command = [sys.executable, tight, action, lean, "100", "--raw"]
            note("tight.py", cost_of(command, environment, lean + ".log"), lean)
        os.remove(script)
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
    for other in ("baseline.py", "tight.py"):
        if other not in middle:
            continue
        for name in ("first harvest", "full walk, nothing changed"):
            cpu, wall = (middle[name][key] / middle[other][key] for key in ("cpu", "wall"))
            print(f"{name} / {other}: CPU {cpu:.2f}, wall {wall:.2f}")
            ratio[name, other] = cpu

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
