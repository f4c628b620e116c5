#!/usr/bin/env python3
"""Every normative statement for servers has a test that carries its id, or a reason why not.

usage: ids.py TESTS_FOLDER

Reads mqtt-normative.tsv beside this file and all C++ files below TESTS_FOLDER. A string literal
(the title of a test or a vector's name) carries a statement of MQTT 5.0 as [MQTT-3.3.1-4] and one
of 3.1.1 as [MQTT-3.1.2-22@3.1.1]. Two lists hold exceptions, one a line, "id reason":
  not_observable.txt   no outside observer can test it; at most 15
  later_issues.txt     WebSocket, the bridge as a client, enhanced authentication
Exits 1 if a row for servers or both is missing, if a listed id is carried by a test after all, or
if an id is written that doesn't exist."""

import re
import sys
from pathlib import Path

MAXIMUM_NOT_OBSERVABLE = 15

# Comments first, so that quotes in them open nothing, and character literals likewise.
TOKEN = re.compile(
    r"""//(?:\\\n|[^\n])*
      | /\*.*?\*/
      | R"(?P<tag>[^()\s\\]{0,16})\((?P<raw>.*?)\)(?P=tag)"
      | "(?P<text>(?:\\.|[^"\\\n])*)"
      | (?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'
    """,
    re.VERBOSE | re.DOTALL,
)
ID = re.compile(r"\[(MQTT-\d+\.\d+\.\d+-\d+(?:@3\.1\.1)?)\]")


def literals(source: str):
    """Yields (line, text) for each string literal; adjacent ones are one, as for the compiler."""
    begin, text, end = 0, None, 0
    for token in TOKEN.finditer(source):
        part = token["raw"] if token["raw"] is not None else token["text"]
        if part is None:
            continue
        if text is not None and source[end : token.start()].strip() == "":
            text += part
        else:
            if text is not None:
                yield source.count("\n", 0, begin) + 1, text
            begin, text = token.start(), part
        end = token.end()
    if text is not None:
        yield source.count("\n", 0, begin) + 1, text


def read_rows(path: Path) -> dict:
    """id, with @3.1.1 for the older spec -> (who, paraphrase)"""
    rows = {}
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        version, number, who, paraphrase = line.split("\t")
        rows[number + ("@3.1.1" if version == "3.1.1" else "")] = (who, paraphrase)
    return rows


def read_list(path: Path, rows: dict, errors: list) -> dict:
    listed = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        one, _, reason = line.partition(" ")
        where = f"{path.name}:{number}: {one}"
        if one not in rows:
            errors.append(f"{where} doesn't exist")
        elif rows[one][0] == "client":
            errors.append(f"{where} is for clients only, so nobody asks for it")
        if one in listed:
            errors.append(f"{where} stands twice")
        if not reason.strip():
            errors.append(f"{where} has no reason")
        listed[one] = reason.strip()
    return listed


def read_titles(folder: Path, rows: dict, errors: list) -> dict:
    """id -> the places that carry it"""
    carried = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".cpp", ".hpp"):
            continue
        for line, text in literals(path.read_text(encoding="utf-8")):
            if "[MQTT-" not in text:
                continue
            where = f"{path.relative_to(folder)}:{line}"
            ids = ID.findall(text)
            if len(ids) != text.count("[MQTT-"):
                errors.append(f"{where}: an id is not written as [MQTT-1.2.3-4] or ...@3.1.1]")
            for one in ids:
                if one not in rows:
                    errors.append(f"{where}: {one} doesn't exist")
                carried.setdefault(one, []).append(where)
    return carried


def check(lists: Path, tests: Path) -> tuple:
    """(errors, summary)"""
    errors = []
    rows = read_rows(lists / "mqtt-normative.tsv")
    not_observable = read_list(lists / "not_observable.txt", rows, errors)
    later = read_list(lists / "later_issues.txt", rows, errors)
    carried = read_titles(tests, rows, errors)

    if len(not_observable) > MAXIMUM_NOT_OBSERVABLE:
        errors.append(
            f"not_observable.txt has {len(not_observable)} ids; {MAXIMUM_NOT_OBSERVABLE} may be"
        )
    for name, listed in (("not_observable.txt", not_observable), ("later_issues.txt", later)):
        for one in listed:
            if one in carried:
                errors.append(f"{name}: {one} is tested after all, in {carried[one][0]}")
    for one in not_observable.keys() & later.keys():
        errors.append(f"{one} stands in both lists")

    wanted = [one for one, (who, _) in rows.items() if who != "client"]
    missing = [
        one
        for one in wanted
        if one not in carried and one not in not_observable and one not in later
    ]
    for one in missing:
        errors.append(f"no test carries {one}: {rows[one][1]}")

    def count(ids) -> str:
        old = sum(one.endswith("@3.1.1") for one in ids)
        return f"{len(ids)} ({old} of 3.1.1, {len(ids) - old} of 5.0)"

    summary = "\n".join(
        [
            f"for servers or both: {count(wanted)}",
            f"carried by a test:   {count([one for one in wanted if one in carried])}",
            f"not observable:      {count(list(not_observable))}",
            f"in a later issue:    {count(list(later))}",
            f"missing:             {count(missing)}",
        ]
    )
    return errors, summary


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    errors, summary = check(Path(__file__).resolve().parent, Path(sys.argv[1]))
    for error in errors:
        print(error)
    print(summary)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
