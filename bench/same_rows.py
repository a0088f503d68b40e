#!/usr/bin/env python3
"""The script that stores what donl-mirror stores, as one would write it in Python: its very tables and
indexes, terms and display names by number, extras as JSON, search, feed, hashes, raw records.

It leaves out what costs thought and no rows: no resume, no census, no lists, no quarantine, no odd forms.
measure.py compares the number of rows in each table with the mirror's.
"""

import argparse
import csv
import datetime
import hashlib
import pathlib
import re
import sqlite3

import orjson
import requests

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "Sources" / "DONLMirror" / "Store" / "Schema"
FIELDS = ROOT / "config" / "fields.csv"

COLUMNS = (
    "id name title notes url identifier state type private owner_org organization_title authority publisher"
    " maintainer license_id license_title access_rights dataset_status frequency source_catalog"
    " metadata_language issued modified metadata_created metadata_modified num_resources num_tags"
).split()
LABELS = {
    "owner_term": "authority", "publisher_term": "publisher", "license_term": "license_id",
    "access_rights_term": "access_rights", "status_term": "dataset_status", "frequency_term": "frequency",
    "source_catalog_term": "source_catalog", "language_term": "language",
    "metadata_language_term": "metadata_language", "landing_page_term": "url",
}
RESOURCE_COLUMNS = "id name description url format mimetype license_id size created last_modified".split()
RESOURCE_LABELS = {
    "format_term": "format", "media_type_term": "mimetype", "license_term": "license_id",
    "status_term": "status", "type_term": "distribution_type", "language_term": "language",
}
STRUCTURE = {"resources", "tags", "groups", "organization", "extras"}
HAS_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.").match
CHURN = {"revision_id", "revision_timestamp", "tracking_summary", "metadata_modified", "package_id"}


def stamp(text):
    if not text:
        return None
    text = text.rstrip("Z")
    return (text if "." in text else text + ".000000") + "Z"


def fields(entity):
    """The URI fields: the value list of each, unless another field names it, and the keys that may carry its
    display names."""
    with open(FIELDS, newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["entity"] == entity]
    names = {row["names"]: row["field"] for row in rows if row["kind"] == "display name"}
    return {
        row["field"]: (
            "" if row["value_list"].startswith("@") else row["value_list"],
            {names.get(row["field"]), row["field"] + "_displayname"})
        for row in rows if row["kind"] in ("uri", "uri list")
    }


URIS = {"dataset": fields("dataset"), "resource": fields("resource")}


class Store:
    def __init__(self, path):
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = NORMAL")
        for name in ("schema.sql", "views.sql", "views-values.sql", "views-lists.sql", "views-labels.sql"):
            self.db.executescript((SCHEMA / name).read_text())
        self.now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self.db.execute(
            "INSERT INTO runs (id, mode, outcome, started_at) VALUES (1, 'full', 'running', ?)", (self.now,))
        self.key = 0
        self.terms, self.names, self.kinds, self.sightings = {}, {}, {}, {}
        self.organizations = set()

    def numbered(self, known, what, rows):
        number = known.get(what)
        if number is None:
            number = known[what] = len(known) + 1
            rows.append((number, *what))
        return number

    def owner(self, entity, record, resource, rows):
        """The URI values and the extras of a dataset or a resource; returns its terms by field."""
        found, carried = {}, set()
        for field, (value_list, labels) in URIS[entity].items():
            value = record.get(field)
            if not value:
                continue
            label_key = next((key for key in labels if key and record.get(key)), None)
            label = record.get(label_key) if label_key else None
            carried.update((field, label_key))
            kind = self.numbered(self.kinds, (entity, field, value_list or None), rows["uri_fields"])
            for position, text in enumerate(value if isinstance(value, list) else [value]):
                if not text:
                    continue
                known = (value_list, text)
                term = self.terms.get(known)
                if term is None:
                    term = self.terms[known] = len(self.terms) + 1
                    standing = "malformed" if not HAS_SCHEME(text) else "unchecked" if known[0] else "free"
                    rows["terms"].append((term, *known, standing))
                name = label if isinstance(label, str) or not label else (label + [None])[position]
                rows["uri_rows"].append((
                    self.key, resource, kind, position, term,
                    self.numbered(self.names, (name,), rows["display_names"]) if name else None))
                found.setdefault(field, term)
        extras = {}
        columns = COLUMNS if entity == "dataset" else RESOURCE_COLUMNS
        free = {extra["key"]: extra["value"] for extra in record.get("extras", ())}
        for key, value in (record | free).items():
            if value in (None, "", [], {}) or key in columns or key in carried or key in STRUCTURE:
                continue
            if entity == "resource" and key in ("package_id", "position"):
                continue
            kind = {str: "string", bool: "boolean", int: "number", float: "number", list: "array"}.get(
                type(value), "object")
            code = self.numbered(self.sightings, (entity, key, kind), rows["field_sightings"])
            extras[str(code)] = value if kind == "string" else orjson.dumps(value).decode()
        if extras:
            rows["extra_rows"].append((self.key, resource, orjson.dumps(extras).decode()))
        return found

    def store(self, results):
        rows = {table: [] for table in INSERTS}
        first = self.key + 1
        for record in results:
            self.key += 1
            organization = record["organization"]
            found = self.owner("dataset", record, -1, rows)
            values = {key: record.get(key) for key in COLUMNS}
            values["private"] = int(bool(record.get("private")))
            values["organization_title"] = organization["title"]
            for key in ("metadata_created", "metadata_modified"):
                values[key] = stamp(values[key])
            content = {key: value for key, value in record.items() if key not in CHURN and value not in (None, "")}
            digest = hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()
            rows["all_datasets"].append((
                self.key, *values.values(), digest, *(found.get(field) for field in LABELS.values()),
                record.get("temporal_start"), record.get("temporal_end"), 1, self.now))
            rows["sightings"].append((self.key, 1))
            rows["record_rows"].append((self.key, orjson.dumps(record).decode(), self.now))
            rows["changes"].append((
                "create", record["id"], record["name"], 1, self.now, values["metadata_modified"], digest))
            rows["tag_rows"].extend((self.key, tag["name"]) for tag in record["tags"])
            rows["group_rows"].extend((self.key, group["id"]) for group in record["groups"])
            for kind, each in (("organizations", organization), *(("groups", g) for g in record["groups"])):
                if each["id"] not in self.organizations:
                    self.organizations.add(each["id"])
                    rows[kind].append((
                        each["id"], each["name"], each["title"], each.get("description") or None,
                        each.get("state"), stamp(each.get("created")), self.now, self.now))
            for position, resource in enumerate(record["resources"]):
                found = self.owner("resource", resource, position, rows)
                values = {key: resource.get(key) or None for key in RESOURCE_COLUMNS}
                values["size"] = int(values["size"]) if values["size"] else None
                for key in ("created", "last_modified"):
                    values[key] = stamp(values[key])
                for key in ("format", "license_id"):
                    values[key] = values[key] and ""
                rows["resource_rows"].append((
                    self.key, position, *values.values(),
                    *(found.get(field) for field in RESOURCE_LABELS.values())))
        self.db.execute("BEGIN")
        for table, statement in INSERTS.items():
            if table == "field_sightings":
                rows[table] = [(*row, self.now) for row in rows[table]]
            self.db.executemany(statement, rows[table])
        self.db.execute(
            "INSERT INTO datasets_fts (rowid, dataset_id, name, title, notes, tags, organization, resources)"
            " SELECT rowid, dataset_id, name, title, notes, tags, organization, resources FROM fts_rows"
            " WHERE rowid BETWEEN ? AND ?", (first, self.key))
        self.db.execute("COMMIT")

    def close(self):
        self.db.executescript((SCHEMA / "indexes.sql").read_text())
        self.db.execute("PRAGMA analysis_limit = 1000")
        self.db.execute("ANALYZE")
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.db.close()


def insert(table, columns):
    names = columns.split()
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"


INSERTS = {
    "uri_fields": insert("uri_fields", "key entity field value_list"),
    "terms": insert("terms", "key list value standing"),
    "display_names": insert("display_names", "key label"),
    "field_sightings": insert("field_sightings", "key entity field json_type first_seen"),
    "all_datasets": insert(
        "all_datasets", "key " + " ".join(COLUMNS) + " content_hash " + " ".join(LABELS)
        + " period_start period_end first_run first_seen"),
    "sightings": insert("sightings", "dataset walk"),
    "organizations": insert(
        "organizations", "id name title description state created first_seen last_seen").replace(
            "(id,", "(is_listed, id,").replace("(?,", "(0, ?,"),
    "groups": insert("groups", "id name title description state created first_seen last_seen").replace(
        "(id,", "(is_listed, id,").replace("(?,", "(0, ?,"),
    "resource_rows": insert(
        "resource_rows", "dataset position " + " ".join(RESOURCE_COLUMNS) + " " + " ".join(RESOURCE_LABELS)),
    "extra_rows": insert("extra_rows", "dataset resource json"),
    "tag_rows": insert("tag_rows", "dataset name"),
    "group_rows": insert("group_rows", "dataset group_id"),
    "uri_rows": insert("uri_rows", "dataset resource field position term display_name"),
    "record_rows": insert("record_rows", "dataset json fetched_at"),
    "changes": insert(
        "changes", "kind dataset_id name run_id recorded_at metadata_modified content_hash"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portal", required=True, help="site base, such as http://127.0.0.1:8080")
    parser.add_argument("--db", required=True, help="a new file")
    parser.add_argument("--rows", type=int, default=250)
    options = parser.parse_args()

    store = Store(options.db)
    session = requests.Session()
    address = options.portal.rstrip("/") + "/api/3/action/package_search"
    start, count = 0, 1
    while start < count:
        answer = session.get(
            address, params={"start": start, "rows": options.rows, "sort": "id asc"}, timeout=60)
        answer.raise_for_status()
        result = orjson.loads(answer.content)["result"]
        count = result["count"]
        store.store(result["results"])
        start += len(result["results"]) or count
    store.close()


if __name__ == "__main__":
    main()
