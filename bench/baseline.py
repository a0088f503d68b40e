#!/usr/bin/env python3
"""The tight script to compare with: a whole CKAN catalogue into five indexed SQLite tables.

It does what one would write by hand in an afternoon: keep-alive and gzip, a fast JSON parser,
executemany, one transaction a page, raw records kept. It has no resume, no change feed, no full
text, no quarantine. The last line of its output is a JSON object with what it did and what it cost.
"""

import argparse
import csv
import json
import pathlib
import resource
import sqlite3
import time

import orjson
import requests

FIELDS = pathlib.Path(__file__).resolve().parent.parent / "config" / "fields.csv"

DATASET_COLUMNS = (
    "id name title notes url identifier state type private owner_org authority publisher maintainer"
    " license_id license_title access_rights dataset_status frequency source_catalog"
    " metadata_language issued modified metadata_created metadata_modified num_resources num_tags"
).split()
RESOURCE_COLUMNS = (
    "id name description url format mimetype license_id size created last_modified"
).split()

SCHEMA = f"""
CREATE TABLE datasets ({', '.join(DATASET_COLUMNS)}, PRIMARY KEY (id)) WITHOUT ROWID;
CREATE INDEX datasets_name ON datasets (name);
CREATE INDEX datasets_modified ON datasets (metadata_modified);
CREATE TABLE resources (dataset_id, position, {', '.join(RESOURCE_COLUMNS)});
CREATE INDEX resources_dataset ON resources (dataset_id, position);
CREATE INDEX resources_format ON resources (format);
CREATE TABLE uri_values (dataset_id, resource_position, field, position, value);
CREATE INDEX uri_values_dataset ON uri_values (dataset_id);
CREATE INDEX uri_values_value ON uri_values (field, value);
CREATE TABLE tags (dataset_id, name);
CREATE INDEX tags_dataset ON tags (dataset_id);
CREATE INDEX tags_name ON tags (name);
CREATE TABLE records (dataset_id PRIMARY KEY, json TEXT);
"""


def uri_fields(entity):
    with open(FIELDS, newline="", encoding="utf-8") as file:
        return [
            row["field"]
            for row in csv.DictReader(file)
            if row["entity"] == entity and row["kind"] in ("uri", "uri list")
        ]


DATASET_URIS = uri_fields("dataset")
RESOURCE_URIS = uri_fields("resource")


def uri_rows(dataset, position, holder, fields):
    for field in fields:
        value = holder.get(field)
        if not value:
            continue
        if isinstance(value, str):
            yield dataset, position, field, 0, value
        else:
            for at, item in enumerate(value):
                yield dataset, position, field, at, item


def insert(table, width):
    return f"INSERT INTO {table} VALUES ({', '.join('?' * width)})"


INSERTS = {
    "datasets": insert("datasets", len(DATASET_COLUMNS)),
    "resources": insert("resources", 2 + len(RESOURCE_COLUMNS)),
    "uri_values": insert("uri_values", 5),
    "tags": insert("tags", 2),
    "records": insert("records", 2),
}


def store(database, results):
    rows = {table: [] for table in INSERTS}
    for dataset in results:
        identity = dataset["id"]
        rows["datasets"].append([dataset.get(column) for column in DATASET_COLUMNS])
        rows["uri_values"].extend(uri_rows(identity, None, dataset, DATASET_URIS))
        rows["tags"].extend((identity, tag["name"]) for tag in dataset["tags"])
        rows["records"].append((identity, orjson.dumps(dataset).decode()))
        for position, resource_ in enumerate(dataset["resources"]):
            columns = [resource_.get(column) for column in RESOURCE_COLUMNS]
            rows["resources"].append([identity, position, *columns])
            rows["uri_values"].extend(uri_rows(identity, position, resource_, RESOURCE_URIS))
    with database:
        database.execute("BEGIN")
        for table, statement in INSERTS.items():
            database.executemany(statement, rows[table])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portal", required=True, help="site base, such as http://127.0.0.1:8080")
    parser.add_argument("--db", required=True, help="a new file")
    parser.add_argument("--rows", type=int, default=250)
    options = parser.parse_args()

    began = time.monotonic()
    database = sqlite3.connect(options.db, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.executescript(SCHEMA)
    session = requests.Session()
    address = options.portal.rstrip("/") + "/api/3/action/package_search"
    start, count, asked = 0, 1, 0
    while start < count:
        answer = session.get(
            address,
            params={"start": start, "rows": options.rows, "sort": "id asc"},
            headers={"Accept-Encoding": "gzip"},
            timeout=60,
        )
        answer.raise_for_status()
        asked += 1
        result = orjson.loads(answer.content)["result"]
        if not result["results"]:
            break
        store(database, result["results"])
        start += len(result["results"])
        count = result["count"]
    database.close()

    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "datasets": start,
                "requests": asked,
                "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3),
                "wall_seconds": round(time.monotonic() - began, 3),
                "peak_rss_mib": round(usage.ru_maxrss / 1024, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
