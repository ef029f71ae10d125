#!/usr/bin/env python3
"""Compares the schema of a database made by Millrace with one made by MLflow, by meaning rather than by text.

    compare_schema.py OURS.db THEIRS.db           two files
    compare_schema.py OURS.db --mlflow MLFLOW     makes the other one with `MLFLOW db upgrade` (MLflow 3.17)

Prints each difference; the exit status is 1 when there is one. Our own tables and indexes (millrace_*) are left out.
"""

import argparse
import re
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path


def words(sql):
    """The text of a statement or expression without what has no meaning: white space, quotes around names, case."""
    text = re.sub(r"\s+", " ", sql.replace('"', "")).strip().lower()
    return re.sub(r" ?([(),]) ?", r"\1", text)


def constraints(sql):
    """CHECKs, and the names of all constraints, which SQLite keeps in the text only."""
    text = words(sql)
    names = set(re.findall(r"constraint (\w+)", text))
    checks = set()
    for match in re.finditer(r"(?:constraint (\w+) )?check\(", text):
        depth, end = 1, match.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        checks.add((match[1], text[match.end() : end - 1]))
    return names, checks


def describe_index(db, row):
    _, name, unique, origin, partial = row
    columns = tuple((c[2], c[3], c[4]) for c in db.execute(f'PRAGMA index_xinfo("{name}")') if c[5])
    return (name if origin == "c" else origin, unique, partial, columns)


def describe_table(db, name, sql):
    """Facts of a table, each by a key that tells where they differ."""
    facts = {"column " + c[1]: c for c in db.execute(f'PRAGMA table_xinfo("{name}")')}
    keys = {}
    for k in db.execute(f'PRAGMA foreign_key_list("{name}")'):
        keys.setdefault(k[0], []).append(k[1:])
    facts["foreign keys"] = sorted(tuple(sorted(k)) for k in keys.values())
    indexes = [describe_index(db, i) for i in db.execute(f'PRAGMA index_list("{name}")')]
    facts["indexes"] = sorted(i for i in indexes if not i[0].startswith("millrace_"))
    facts["constraints"], facts["checks"] = constraints(sql)
    facts["generated"] = re.findall(r"generated always as ?\(.*?\) ?\w+", words(sql))
    return facts


def describe(path):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    schema = {}
    for kind, name, sql in db.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"):
        if name.startswith("millrace_") or name.startswith("sqlite_"):
            continue
        if kind == "table":
            schema["table " + name] = describe_table(db, name, sql)
        elif kind != "index":
            schema[f"{kind} {name}"] = {"text": words(sql)}
    schema["revision"] = {"rows": db.execute("SELECT * FROM alembic_version").fetchall()}
    schema["workspaces"] = {"rows": db.execute("SELECT * FROM workspaces").fetchall()}
    db.close()
    return schema


def differences(ours, theirs):
    for thing in sorted(ours.keys() | theirs.keys()):
        if thing not in ours or thing not in theirs:
            yield f"{thing}: only in {'ours' if thing in ours else 'theirs'}"
            continue
        for fact in sorted(ours[thing].keys() | theirs[thing].keys()):
            mine, other = ours[thing].get(fact), theirs[thing].get(fact)
            if mine != other:
                yield f"{thing}, {fact}:\n  ours   {mine}\n  theirs {other}"


def make_with_mlflow(mlflow, folder):
    path = Path(folder) / "theirs.db"
    subprocess.run([mlflow, "db", "upgrade", f"sqlite:///{path}"], check=True, capture_output=True)
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ours", type=Path)
    parser.add_argument("theirs", type=Path, nargs="?")
    parser.add_argument("--mlflow", help="MLflow's command line program")
    options = parser.parse_args()
    if (options.theirs is None) == (options.mlflow is None):
        parser.error("give the other database or --mlflow")
    with tempfile.TemporaryDirectory() as folder:
        theirs = options.theirs or make_with_mlflow(options.mlflow, folder)
        found = list(differences(describe(options.ours), describe(theirs)))
    for difference in found:
        print(difference)
    print(f"{len(found)} differences")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
