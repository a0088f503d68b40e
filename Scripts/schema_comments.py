"""The schema as its own comments explain it.

The .sql files are run in memory, and what SQLite then keeps as the text of each table and view is
read: a comment behind a name or a column explains it. A column of a view without a comment of its
own has that of the column it shows. A table whose comment begins with "ours:" is not for readers.
"""

import re
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

SCHEMA = Path(__file__).parent.parent / "Sources/DONLMirror/Store/Schema"


@dataclass
class Table:
    name: str
    is_ours: bool = False
    comment: str = ""
    columns: dict[str, str] = field(default_factory=dict)


def read_schema(folder: Path = SCHEMA) -> dict[str, Table]:
    """Every table and view by name, in the order in which they are made."""
    paths = [folder / "schema.sql", *sorted(folder.glob("views*.sql"))]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    db = sqlite3.connect(":memory:")
    for text in texts:
        db.executescript(text)
    rows = db.execute(
        "SELECT name, type, sql FROM sqlite_schema WHERE type IN ('table', 'view') "
        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
        "AND name NOT LIKE 'datasets\\_fts\\_%' ESCAPE '\\' ORDER BY rowid"
    ).fetchall()
    tables: dict[str, Table] = {}
    everything = {row[0] for row in rows}
    while rows:
        name, kind, sql = rows.pop(0)
        if kind == "view" and any(
                word in everything and word not in tables and word != name
                for word in re.findall(r"\b(?:FROM|JOIN) (\w+)", sql)):
            # It shows a view that comes later.
            rows.append((name, kind, sql))
            continue
        names = [row[0] for row in db.execute(
            "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", [name])]
        tables[name] = (view if kind == "view" else table)(name, sql, names, tables)
    return tables


def table(name: str, sql: str, names: list[str], known: dict[str, Table]) -> Table:
    head, _, body = sql.partition("\n")
    result = named(name, comments(head))
    result.columns = dict.fromkeys(names, "")
    if "USING fts5" in sql:
        # Its columns are those of the view that it indexes.
        source = re.search(r"content='(\w+)'", sql)
        result.comment = result.comment or " ".join(comments(sql))
        if source:
            result.columns |= {n: known[source[1]].columns.get(n, "") for n in names}
        return result
    column = None
    while body.lstrip().startswith("--"):
        # A comment too long for the first line.
        line, _, body = body.partition("\n")
        result.comment = " ".join([result.comment, *comments(line)])
    for line in body.split("\n"):
        if match := re.match(r"\s*(\w+)\b", line):
            column = match[1] if match[1] in result.columns else None
        if column:
            result.columns[column] = " ".join(
                part for part in [result.columns[column], *comments(line)] if part)
    return result


def view(name: str, sql: str, names: list[str], known: dict[str, Table]) -> Table:
    body = re.sub(r"^CREATE VIEW \w+ AS\b", "", sql)
    head = re.match(r"(?:\s*--[^\n]*\n?)*", body)[0]
    result = named(name, comments(head))
    items, sources = selected(body[len(head):])
    aliases = {}
    for source, alias in re.findall(
            r"\b(?:FROM|JOIN) (\w+)(?:\s+(?!(?:ON|WHERE|LEFT|CROSS|JOIN|ORDER|GROUP)\b)(\w+))?", sources):
        aliases.setdefault(alias or source, source)
    only = next(iter(aliases.values()), None)
    if [text for text, _ in items] == ["*"]:
        result.columns = dict(known[only].columns)
        return result
    if len(items) != len(names):
        raise SystemExit(f"{name}: {len(items)} expressions are read, SQLite sees {len(names)} columns")
    for column, (text, comment) in zip(names, items):
        shown = re.fullmatch(r"(?:(\w+)\.)?(\w+)(?:\s+AS\s+\w+)?", text)
        stem, _, language = column.rpartition("_")
        if not comment and stem in names and language in ("nl", "en"):
            # A label beside what it labels.
            comment = f"{'Dutch' if language == 'nl' else 'English'} label of `{stem}`"
        if not comment and shown:
            source = aliases.get(shown[1]) if shown[1] else only
            comment = known[source].columns.get(shown[2], "") if source in known else ""
        result.columns[column] = comment
    return result


def named(name: str, lines: list[str]) -> Table:
    comment = " ".join(lines)
    is_ours = comment.startswith("ours:")
    return Table(name, is_ours, comment.removeprefix("ours:").strip())


def comments(text: str) -> list[str]:
    return [comment.strip() for comment in re.findall(r"-- *(.+)$", text, re.MULTILINE)]


def selected(text: str) -> tuple[list[tuple[str, str]], str]:
    """The expressions of the outermost SELECT, each with the comment at the end of its line, and
    what it selects from."""
    items: list[tuple[str, str]] = []
    depth, current, finished, sources, place = 0, "", [], "", "before"
    for token in re.findall(r"--[^\n]*|'[^']*'|\w+|\s+|.", text):
        depth += (token == "(") - (token == ")")
        if place == "before":
            place = "items" if token == "SELECT" and depth == 0 else place
        elif place == "sources":
            if token == "UNION" and depth == 0:
                break
            sources += token if depth == 0 and not token.startswith("--") else ""
        elif token.startswith("--") and depth == 0:
            # It belongs to what ends on this line: to the item before the last comma, unless the
            # item after it has begun.
            if current.strip():
                finished.append(token[2:].strip())
            elif items:
                items[-1] = (items[-1][0], " ".join(filter(None, [items[-1][1], token[2:].strip()])))
        elif depth == 0 and token == "FROM":
            place = "sources"
            sources = "FROM"
        elif depth == 0 and token == ",":
            items.append((" ".join(current.split()), " ".join(finished)))
            current, finished = "", []
        elif depth == 0 or not token.startswith("--"):
            current += token
    items.append((" ".join(current.split()), " ".join(finished)))
    return items, sources
