#!/usr/bin/env python3
"""The floor: asks for every page, packed where the portal packs, inflates it and looks at nothing else."""

import argparse
import gzip
import http.client
import re
import urllib.parse


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portal", required=True, help="site base, such as http://127.0.0.1:8080")
    parser.add_argument("--rows", type=int, default=1000)
    options = parser.parse_args()

    address = urllib.parse.urlsplit(options.portal.rstrip("/") + "/api/3/action/package_search")
    connection = http.client.HTTPConnection(address.netloc)
    start, count, received = 0, 1, 0
    while start < count:
        query = urllib.parse.urlencode({"start": start, "rows": options.rows, "sort": "id asc"})
        connection.request("GET", f"{address.path}?{query}", headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.getheader("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        received += len(body)
        # The count stands before the records, or behind them.
        count = int(re.search(rb'"count": ?(\d+)', body[:2000] + body[-2000:])[1])
        start += options.rows
    print(received)


if __name__ == "__main__":
    main()
