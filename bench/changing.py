#!/usr/bin/env python3
"""Harvests a catalogue, lets some of it change, and prints what the next run costs.

usage: bench/changing.py --mirror PROGRAM --sample-portal PROGRAM --folder FOLDER [--count N] [--rounds N]
         [--beside MEDIANS]

Three runs begin with the same file: one finds nothing new, one that 1 % of the datasets have changed, one
that 95 % have another stamp and nothing else. Ends with 1 when a run finds something else than that.
With the medians of measure.py, the ratios of all runs stand in one table at the end.
"""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys

from measure import COLUMNS, OTHERS, cost_of, environment_in, line, portal_answers, query, remove, size_of

HERE = pathlib.Path(__file__).resolve().parent
RUNS = {"nothing new": (0, 0), "1 % changed": (0.01, 0), "95 % touched": (0, 0.95)}


@contextlib.contextmanager
def portal(program, catalogue, port):
    with open(catalogue + ".log", "wb") as log:
        process = subprocess.Popen(
            [program, "--data", catalogue, "--port", str(port)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        portal_answers(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mirror", required=True, help="the donl-mirror binary")
    parser.add_argument("--sample-portal", required=True, help="the sample-portal binary")
    parser.add_argument("--folder", required=True, help="where catalogues and databases go")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--beside", help="what measure.py --medians wrote, of the same catalogue")
    options = parser.parse_args()

    environment = environment_in(options.folder)
    base, copy = (os.path.join(options.folder, name) for name in ("base.db", "changing.db"))
    catalogue, log = (os.path.join(options.folder, name) for name in ("changing.jsonl", "changing.log"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    medians = {}
    print(f"| | {' | '.join(COLUMNS.values())} |\n|{'---|' * (len(COLUMNS) + 1)}")
    for name, (changed, touched) in RUNS.items():
        subprocess.run(
            [sys.executable, str(HERE / "generate.py"), "--count", str(options.count), "--changed", str(changed),
             "--touched", str(touched), catalogue], check=True)
        costs = []
        with portal(options.sample_portal, catalogue, port) as address:
            command = [options.mirror, "harvest", "--portal", address, "--db"]
            if not os.path.exists(base):
                cost_of([*command, base], environment, log)
                # The next run looks at once whether a census is due; from then on nothing is.
                cost_of([*command, base], environment, log)
            for _ in range(options.rounds):
                remove(copy)
                shutil.copy(base, copy)
                cost = cost_of([*command, copy], environment, log)
                run = "FROM runs ORDER BY id DESC LIMIT 1"
                found = [query(copy, f"SELECT {column} {run}")
                         for column in ("updated", "touched", "created", "deleted")]
                meant = [int(options.count * changed), int(options.count * touched), 0, 0]
                if found != meant:
                    sys.exit(f"{name}: updated, touched, created, deleted are {found}, meant were {meant}")
                costs.append(cost | {"size": size_of(copy), "requests": query(copy, f"SELECT requests {run}")})
        medians[name] = {key: statistics.median(cost[key] for cost in costs) for key in COLUMNS}
        print(line(name, medians[name]), flush=True)
    for name in (base, copy):
        remove(name)
    if options.beside:
        tell_ratios(json.loads(pathlib.Path(options.beside).read_text()), medians)


def tell_ratios(measured, changing):
    """CPU of each run of the mirror, by that of each script."""
    others = [other for other in OTHERS if other in measured]
    runs = {name: measured[name] for name in ("first harvest", "full walk, nothing changed")} | changing
    print(f"\n| CPU beside | {' | '.join(others)} |\n|{'---|' * (len(others) + 1)}")
    for name, cost in runs.items():
        ratios = (f"{cost['cpu'] / measured[other]['cpu']:.2f}" for other in others)
        print(f"| {name} | {' | '.join(ratios)} |")


if __name__ == "__main__":
    main()
