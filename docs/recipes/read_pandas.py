#!/usr/bin/env python3
"""Tables in pandas: read_pandas.py MIRROR.db

From the file itself: what is published does not change, and what is live does not wait for a reader.
"""
import sqlite3
import sys

import pandas

with sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True) as mirror:
    datasets = pandas.read_sql("SELECT * FROM labeled_datasets", mirror, index_col="id")
    resources = pandas.read_sql("SELECT dataset_id, format_nl FROM labeled_resources", mirror)

formats = resources.join(datasets["owner_nl"], on="dataset_id")
print(formats.pivot_table(index="owner_nl", columns="format_nl", values="dataset_id", aggfunc="nunique", fill_value=0)
      .assign(total=lambda table: table.sum(axis=1)).sort_values("total", ascending=False).head(10).to_string())
