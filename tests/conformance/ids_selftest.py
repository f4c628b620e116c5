#!/usr/bin/env python3
"""Shows that ids.py can fail: each case breaks one rule and only that. Exits 1 if a complaint is
missing or one is too many."""

import sys
import tempfile
from pathlib import Path

import ids

ROWS = """version\tid\twho\tparaphrase
3.1.1\tMQTT-1.0.0-1\tserver\tolder
5.0\tMQTT-1.0.0-1\tboth\tnewer
5.0\tMQTT-1.0.0-2\tclient\tnot ours
5.0\tMQTT-1.0.0-3\tserver\tunseen
5.0\tMQTT-1.0.0-4\tserver\tlater
"""
TEST = 'TEST_CASE("old and new [MQTT-1.0.0-1@3.1.1] "\n          "[MQTT-1.0.0-1]") {}\n'

# name, not_observable.txt, later_issues.txt, a test file, the part of the complaint expected
CASES = [
    ("all is well", "MQTT-1.0.0-3 why", "# note\nMQTT-1.0.0-4 why", TEST, None),
    ("a client's row may be tested", "MQTT-1.0.0-3 why", "MQTT-1.0.0-4 why",
     TEST + 'const char* name = "[MQTT-1.0.0-2]";', None),
    ("a row is missing", "", "MQTT-1.0.0-4 why", TEST, "no test carries MQTT-1.0.0-3"),
    ("a comment carries nothing", "MQTT-1.0.0-3 why", "MQTT-1.0.0-4 why",
     'TEST_CASE("[MQTT-1.0.0-1]") {}\n// "[MQTT-1.0.0-1@3.1.1]"\n',
     "no test carries MQTT-1.0.0-1@3.1.1"),
    ("no version means 5.0", "MQTT-1.0.0-3 why", "MQTT-1.0.0-4 why",
     'TEST_CASE("[MQTT-1.0.0-1@3.1.1]") {}', "no test carries MQTT-1.0.0-1:"),
    ("listed and tested", "MQTT-1.0.0-3 why", "MQTT-1.0.0-4 why",
     TEST + 'const char* name = R"x([MQTT-1.0.0-3])x";', "MQTT-1.0.0-3 is tested after all"),
    ("listed twice over", "MQTT-1.0.0-3 why", "MQTT-1.0.0-4 why\nMQTT-1.0.0-3 why", TEST,
     "MQTT-1.0.0-3 stands in both lists"),
    ("listed without a reason", "MQTT-1.0.0-3", "MQTT-1.0.0-4 why", TEST, "has no reason"),
    ("listed but unknown", "MQTT-1.0.0-3 why\nMQTT-9.9.9-9 why", "MQTT-1.0.0-4 why", TEST,
     "MQTT-9.9.9-9 doesn't exist"),
    ("a client's row listed", "MQTT-1.0.0-3 why\nMQTT-1.0.0-2 why", "MQTT-1.0.0-4 why", TEST,
     "for clients only"),
    ("a title with an unknown id", "MQTT-1.0.0-3 why", "MQTT-1.0.0-4 why",
     TEST + 'TEST_CASE("[MQTT-1.0.0-2@3.1.1]") {}', "MQTT-1.0.0-2@3.1.1 doesn't exist"),
    ("a title with a broken id", "MQTT-1.0.0-3 why", "MQTT-1.0.0-4 why",
     TEST + 'TEST_CASE("[MQTT-1.0.0-1, -2]") {}', "is not written as"),
]


def complaints(not_observable: str, later: str, test: str, rows: str = ROWS) -> list:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "mqtt-normative.tsv").write_text(rows, encoding="utf-8")
        (root / "not_observable.txt").write_text(not_observable, encoding="utf-8")
        (root / "later_issues.txt").write_text(later, encoding="utf-8")
        (root / "a.cpp").write_text(test, encoding="utf-8")
        return ids.check(root, root)[0]


def main() -> int:
    failed = 0
    for name, not_observable, later, test, expected in CASES:
        got = complaints(not_observable, later, test)
        if len(got) != (expected is not None) or (expected and expected not in got[0]):
            print(f"{name}: expected {expected!r}, got {got}")
            failed += 1

    many = ROWS + "".join(f"5.0\tMQTT-2.0.0-{n}\tserver\tx\n" for n in range(1, 16))
    listed = "MQTT-1.0.0-3 why\n" + "".join(f"MQTT-2.0.0-{n} why\n" for n in range(1, 16))
    got = complaints(listed, "MQTT-1.0.0-4 why", TEST, many)
    if len(got) != 1 or "16 ids; 15 may be" not in got[0]:
        print(f"sixteen that can't be observed: got {got}")
        failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
