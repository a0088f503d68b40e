"""Asks the portal and the mirror through clients that others wrote, and compares what they get.

  clients.py PORTAL SITE

ckanext-harvest's own CKANHarvester (its paging and filters; of CKAN itself it is given stubs), pandas and DuckDB.
"""

import importlib.util
import io
import json
import pathlib
import sys
import tempfile
import types
import urllib.request
from unittest.mock import MagicMock

import duckdb
import pandas

portal, site = sys.argv[1:3]
failed = False


def same(what, ask):
    global failed
    one, other = ask(portal), ask(site)
    # A client that got nothing proves nothing.
    if one == other and one:
        print(f"ok    {what}: {len(one)} the same")
    else:
        failed = True
        print(f"FAIL  {what}: {str(one)[:200]} for {str(other)[:200]}")


def harvester():
    for name in ("ckan", "ckan.model", "ckan.logic", "ckan.lib", "ckan.lib.helpers", "ckan.plugins",
                 "ckanext.harvest.model", "ckanext.harvest.harvesters.base"):
        sys.modules[name] = MagicMock()
    sys.modules["ckan.lib.helpers"].json = json
    sys.modules["ckanext.harvest.harvesters.base"].HarvesterBase = type("HarvesterBase", (), {})
    for name in ("ckanext", "ckanext.harvest", "ckanext.harvest.harvesters"):
        sys.modules.setdefault(name, types.ModuleType(name)).__path__ = []
    found = next(p for p in map(pathlib.Path, sys.path)
                 if (p / "ckanext/harvest/harvesters/ckanharvester.py").exists())
    spec = importlib.util.spec_from_file_location(
        "ckanext.harvest.harvesters.ckanharvester", found / "ckanext/harvest/harvesters/ckanharvester.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    client = module.CKANHarvester()
    client.config = {}
    return client


client = harvester()
for terms in (None, ["organization:gemeente-delft"], ["-organization:gemeente-delft", "state:active"],
              ["metadata_modified:[2026-11-10T00:00:00Z TO *]"]):
    same(f"ckanext-harvest, {terms}",
         lambda base: [json.dumps(d, sort_keys=True) for d in client._search_for_datasets(base, terms)])
same("ckanext-harvest, an organization", lambda base: client._get_organization(base, "gemeente-delft"))


def page(base, more=""):
    with urllib.request.urlopen(base + "/data/api/3/action/package_search?rows=1000&sort=id+asc" + more) as answer:
        return answer.read()


same("pandas, json_normalize",
     lambda base: pandas.json_normalize(json.loads(page(base))["result"]["results"]).to_csv())


def query(base):
    # DuckDB fetches over HTTP by an extension that it downloads; the answer in a file needs none. It reads no object
    # that has a key twice, as one record of the sample does.
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(page(base, "&fq=-name:awkward-duplicate-key"))
        file.flush()
        return duckdb.sql(f"""
            SELECT r.organization.name, count(*), sum(len(r.resources)), max(r.metadata_modified)
            FROM (SELECT unnest(result.results) AS r
                  FROM read_json('{file.name}', maximum_object_size = 200000000)) GROUP BY 1 ORDER BY 1
            """).fetchall()


same("DuckDB, read_json", query)
with urllib.request.urlopen(site + "/changes?limit=1000") as answer:
    changes = pandas.read_json(io.BytesIO(answer.read()), lines=True)
print(f"ok    pandas reads the feed: {len(changes)} entries")
sys.exit(failed)
