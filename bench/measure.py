#!/usr/bin/env python3
"""Runs donl-mirror and baseline.py in turn against one portal, and prints what each cost.

CPU, wall and peak memory are those of the child process, as the kernel counts them. Both must have
stored the same datasets, resources and tags, otherwise there is nothing to compare.
Ends with 1 when a limit is passed: twice the CPU of the script, or 128 MiB.
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


def line(name, cost):
    return (
        f"{name:<14}{cost['cpu']:>9.2f}{cost['wall']:>10.2f}{cost['rss']:>11.1f}"
        f"{cost['size']:>11.1f}{cost['requests']:>10.0f}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mirror", required=True, help="the donl-mirror binary")
    parser.add_argument("--portal", required=True)
    parser.add_argument("--folder", required=True, help="where databases and logs go")
    parser.add_argument("--rounds", type=int, default=3)
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
    costs = {"donl-mirror": [], "baseline.py": []}
    print(f"{'':<14}{'CPU s':>9}{'wall s':>10}{'peak MiB':>11}{'file MiB':>11}{'requests':>10}")
    for turn in range(1, options.rounds + 1):
        mirror = os.path.join(options.folder, f"mirror{turn}.db")
        script = os.path.join(options.folder, f"script{turn}.db")
        target = ["--portal", options.portal, "--db"]

        cost = cost_of([options.mirror, "harvest", *target, mirror], environment, mirror + ".log")
        cost["size"] = size_of(mirror)
        cost["requests"] = query(mirror, "SELECT requests FROM runs ORDER BY id DESC LIMIT 1")
        costs["donl-mirror"].append(cost)
        print(line("donl-mirror", cost), flush=True)

        command = [sys.executable, str(HERE / "baseline.py"), *target, script]
        cost = cost_of(command, environment, script + ".log")
        cost["size"] = size_of(script)
        last = pathlib.Path(script + ".log").read_text().splitlines()[-1]
        cost["requests"] = int(last.split('"requests": ')[1].split(",")[0])
        costs["baseline.py"].append(cost)
        print(line("baseline.py", cost), flush=True)

        ours, theirs = contents(mirror), contents(script)
        if ours != theirs:
            sys.exit(f"not the same work: donl-mirror stored {ours}, baseline.py {theirs}")
        for name in (mirror, script):
            os.remove(name)

    print(f"\nmedian of {options.rounds}, both with {ours}")
    middle = {
        name: {key: statistics.median(cost[key] for cost in rounds) for key in rounds[0]}
        for name, rounds in costs.items()
    }
    for name, cost in middle.items():
        print(line(name, cost))
    ratio = {
        key: middle["donl-mirror"][key] / middle["baseline.py"][key]
        for key in middle["baseline.py"]
    }
    print(
        f"{'ratio':<14}{ratio['cpu']:>9.2f}{ratio['wall']:>10.2f}{ratio['rss']:>11.2f}"
        f"{ratio['size']:>11.2f}{ratio['requests']:>10.2f}"
    )

    broken = []
    if ratio["cpu"] > CPU_RATIO_MAX:
        broken.append(f"CPU is {ratio['cpu']:.2f} times the script's; {CPU_RATIO_MAX} is the limit")
    peak = max(cost["rss"] for cost in costs["donl-mirror"])
    if peak > PEAK_RSS_MIB_MAX:
        broken.append(f"peak memory is {peak:.0f} MiB; {PEAK_RSS_MIB_MAX:.0f} is the limit")
    sys.exit("\n".join(broken) or 0)


if __name__ == "__main__":
    main()
