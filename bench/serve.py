#!/usr/bin/env python3
"""What a served mirror costs: requests a second, latency and memory, question by question.

usage: bench/serve.py --mirror PROGRAM [--datasette PROGRAM] [--requests N] DATABASE...

One client after the other on the same machine. With --datasette the same file is served by Datasette too, for what it has
an answer to. The memory is that of the process after each kind of request, and after 10,000 mixed ones.
"""

import argparse
import http.client
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

FACETS = urllib.parse.quote('["organization","theme","res_format","license_id","tags"]')
WORDS = ("water", "verkeer", "de", "gemeente", "data")
API = "/data/api/3/action/"
# None of this machine's.
CONFIGURATION = tempfile.NamedTemporaryFile(suffix=".yaml")


class Server:
    def __init__(self, command, pattern):
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                      env={**os.environ, "DONL_MIRROR_CONFIG": CONFIGURATION.name})
        for line in self.child.stdout:
            if found := re.search(pattern, line):
                self.port = int(found[1])
                break
        else:
            sys.exit(f"{command} does not listen")
        # A log that nobody reads would stop the server.
        threading.Thread(target=self.child.stdout.read, daemon=True).start()
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port)

    def get(self, path, wanted=200):
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != wanted:
            sys.exit(f"{path}: HTTP {answer.status} {body[:300]}")
        return body

    def memory(self):
        with open(f"/proc/{self.child.pid}/status") as status:
            return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS"))

    def measure(self, name, paths):
        times = []
        began = time.monotonic()
        for path in paths:
            start = time.monotonic()
            self.get(path)
            times.append(time.monotonic() - start)
        total = time.monotonic() - began
        times.sort()
        print(f"| {name} | {len(times) / total:.0f} | {times[len(times) // 2] * 1000:.1f} "
              f"| {times[int(len(times) * 0.95)] * 1000:.1f} | {self.memory()} |", flush=True)

    def close(self):
        self.child.terminate()
        self.child.wait()


def ours(mirror, database, n):
    server = Server([mirror, "serve", "--db", database, "--listen", "127.0.0.1:0"], r"http://127.0.0.1:(\d+)")
    began = time.monotonic()
    names = [urllib.parse.quote(name) for name in json.loads(server.get(API + "package_list"))["result"]]
    server.get(API + "package_search?q=water&rows=0")
    print(f"\n{len(names)} datasets; the index is ready after {time.monotonic() - began:.1f} s\n")
    print("| | requests a second | median ms | 95 % ms | MiB |\n|---|---|---|---|---|")
    chance = random.Random(1)
    some = [chance.choice(names) for _ in range(n)]
    server.measure("`package_show`", [API + f"package_show?id={name}" for name in some])
    server.measure("`package_search`, a word, 10 rows, 5 facets",
                   [API + f"package_search?q={w}&rows=10&facet.field={FACETS}" for w in WORDS * (n // 5)])
    server.measure("`package_search`, everything, 5 facets",
                   [API + f"package_search?rows=10&facet.field={FACETS}"] * n)
    server.measure("`package_search`, 1000 records by id",
                   [API + f"package_search?sort=id+asc&rows=1000&start={i * 1000}" for i in range(20)])
    server.measure("a page of search with its facets", [f"/search?q={w}" for w in WORDS * (n // 5)])
    server.measure("the page of a dataset", [f"/dataset/{name}" for name in some[: n // 5]])
    server.measure("the start page", ["/"] * (n // 10))
    for i in range(10_000):
        kind = i % 3
        if kind == 0:
            server.get(API + f"package_show?id={chance.choice(names)}")
        elif kind == 1:
            server.get(API + "package_search?q=water&rows=100")
        else:
            server.get(API + f"package_search?fq=key{i}:value&rows=1")
    print(f"| after 10,000 more | | | | {server.memory()} |")
    server.close()


def datasette(program, database, n):
    n = min(n, 100)
    command = [program, "serve", database, "--port", "8078", "--setting", "sql_time_limit_ms", "60000"]
    server = Server(command, r"http://127.0.0.1:(\d+)")
    name = os.path.basename(database).removesuffix(".db")
    with_id = [row["id"] for row in json.loads(server.get(f"/{name}.json?sql=select+id+from+datasets+limit+{n}&_shape=array"))]
    print("\nDatasette on the same file\n\n| | requests a second | median ms | 95 % ms | MiB |\n|---|---|---|---|---|")
    server.measure("a record by its id", [
        f"/{name}.json?sql=select+json+from+records+where+dataset_id%3D%3Aid&id={i}&_shape=array" for i in with_id])
    server.measure("full-text search, 10 rows", [
        f"/{name}.json?sql=select+d.*+from+datasets_fts+f+join+all_datasets+d+on+d.key%3Df.rowid+where+datasets_fts+match"
        f"+%3Aq+limit+10&q={w}&_shape=array" for w in WORDS * (n // 5)])
    server.measure("the view datasets, 10 rows, 3 facets", [
        f"/{name}/datasets.json?_size=10&_facet=license_id&_facet=authority&_facet=dataset_status"] * 20)
    server.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mirror", required=True)
    parser.add_argument("--datasette")
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("databases", nargs="+")
    options = parser.parse_args()
    for database in options.databases:
        ours(options.mirror, database, options.requests)
        if options.datasette:
            datasette(options.datasette, database, options.requests)


if __name__ == "__main__":
    main()
