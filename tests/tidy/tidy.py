#!/usr/bin/env python3
"""Checks the rules of the house that no compiler knows: who may include whom, and what
broker/ and platform/ do without. Prints file:line: rule: message; exits 1 if there is one.

usage: tidy.py [root of the project]
"""

import re
import sys
from pathlib import Path
from typing import Iterator, NamedTuple

# A file includes its own room and lower floors; rooms on one floor don't include each other.
FLOORS = [
    ["base"],
    ["hal", "wire"],
    ["topic", "message", "settings", "metrics", "websocket"],
    ["session", "auth"],
    ["routing"],
    ["connection"],
    ["core"],
    ["config", "persist", "bridge", "sys", "web", "events"],
]
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

# What broker/ may take from the standard library: no allocation, no streams, no locale, no clock.
# (system_error is where std::errc of <charconv> is declared.)
BROKER_STD = set(
    "algorithm array bit cerrno charconv chrono cinttypes climits cmath compare concepts cstdarg "
    "cstddef cstdint cstdlib cstring initializer_list iterator limits new numeric optional span "
    "string_view system_error tuple type_traits utility variant version".split()
)

# What a quoted include of each part of the tree may start with.
INCLUDE_ROOTS = {
    "broker": ("broker/",),
    "platform": ("broker/", "platform/"),
    "client": ("client/",),
    "tests": ("broker/", "platform/", "client/", "tests/"),
}

NO_EXCEPTIONS_OR_RTTI = [
    (r"\b(?:throw|try|catch)\b", "exceptions", "broker/ and platform/ have no exceptions"),
    (r"\b(?:dynamic_cast|typeid)\b", "rtti", "broker/ and platform/ have no RTTI"),
    (r"\bstd::function\b", "std-function", "std::function may allocate; take an interface"),
]
BROKER_ONLY = [
    (
        r"\bnew\b(?!\s*\()|\bnew\s*\(\s*std::nothrow|\bdelete\s*(?:\[\s*\])?\s*[\w(*:]",
        "allocation",
        "memory comes from the arena; only placement new is allowed",
    ),
    (
        r"(?<![\w.>])(?:std::|::)?(?:malloc|calloc|realloc|aligned_alloc|strdup)\s*\(|\bstd::free\b",
        "allocation",
        "memory comes from the arena",
    ),
    (
        r"\bstd::(?:basic_string|string|vector|deque|list|map|set|unordered_\w+|multi\w+|"
        r"shared_ptr|weak_ptr|unique_ptr|make_shared|make_unique|allocator)\b",
        "allocation",
        "this type allocates; use spans, pools and intrusive lists",
    ),
    (
        r"\b(?:system_clock|steady_clock|high_resolution_clock)\b|"
        r"(?<![\w.>:])(?:std::|::)?(?:time|clock_gettime|gettimeofday)\s*\(\s*(?:NULL|nullptr|0|CLOCK_|&)",
        "clock",
        "the core reads no clock; the platform passes the time in",
    ),
    (
        r"\bstd::(?:random_device|mt19937\w*)\b|(?<![\w.>:])(?:std::|::)?s?rand\s*\(",
        "random",
        "random numbers come from hal/entropy",
    ),
]

CONDITIONAL = re.compile(r"^\s*#\s*(if|ifdef|ifndef|elif|elifdef|elifndef|else)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
GLOBAL_CMAKE = re.compile(
    r"^\s*(add_compile_options|add_compile_definitions|add_definitions|add_link_options|"
    r"include_directories|link_directories|link_libraries)\s*\(",
    re.I,
)
# Written so that this file doesn't hold what it looks for.
MACHINE_PATH = re.compile(r"(?<![\w.})~-])/(?:%s)/" % "|".join(["root", "work"]))

SKIPPED_FOLDERS = {".git", "build", "node_modules", "__pycache__"}

# Comments, literals and numbers, so that a rule sees only code. Numbers are there for their
# digit separators, which look like the start of a character.
TOKEN = re.compile(
    r"""(?P<comment>//(?:\\\n|[^\n])*|/\*.*?\*/)
      | (?P<raw>R"(?P<tag>[^()\s\\]{0,16})\(.*?\)(?P=tag)")
      | (?P<string>"(?:\\.|[^"\\\n])*")
      | (?P<number>\b[0-9](?:'?[\w.])*)
      | (?P<char>'(?:\\.|[^'\\\n])+')""",
    re.S | re.X,
)


class Finding(NamedTuple):
    file: str
    line: int
    rule: str
    message: str


def blanked(text: str, kinds: set) -> str:
    """The text with tokens of these kinds emptied, every line where it was."""

    def empty(match: re.Match) -> str:
        if match.lastgroup not in kinds:
            return match.group()
        lines = "\n" * match.group().count("\n")
        return " " + lines if match.lastgroup == "comment" else '""' + lines

    return TOKEN.sub(empty, text)


class Source:
    """A C++ file: its includes, and its lines without comments and literals."""

    def __init__(self, root: Path, path: Path):
        self.name = path.relative_to(root).as_posix()
        self.part, _, rest = self.name.partition("/")
        self.room = rest.split("/")[0] if "/" in rest else ""
        text = path.read_text(encoding="utf-8", errors="replace")
        with_strings = blanked(text, {"comment"}).split("\n")
        self.code = blanked(text, {"comment", "raw", "string", "char"}).split("\n")
        self.includes = []  # (line, "<" or '"', path)
        for number, line in enumerate(with_strings, 1):
            match = INCLUDE.match(line)
            if match:
                self.includes.append((number, match[1], match[2]))
                self.code[number - 1] = ""
        self.own_header = path.with_suffix(".hpp") if path.suffix == ".cpp" else None
        if self.own_header and self.own_header.exists():
            self.own_header = self.own_header.relative_to(root).as_posix()
        else:
            self.own_header = None

    def finding(self, line: int, rule: str, message: str) -> Finding:
        return Finding(self.name, line, rule, message)


def check_floors(source: Source) -> Iterator[Finding]:
    if source.part != "broker":
        return
    if source.room not in FLOOR_OF:
        yield source.finding(1, "floor", f"broker/{source.room} is on no floor; add it to FLOORS")
        return
    floor = FLOOR_OF[source.room]
    for line, quote, path in source.includes:
        if quote == "<" or not path.startswith("broker/") or "/../" in path:
            continue
        room = path.split("/")[1]
        if room == source.room:
            continue
        if room not in FLOOR_OF:
            yield source.finding(line, "floor", f"broker/{room} is on no floor")
        elif FLOOR_OF[room] >= floor:
            yield source.finding(
                line,
                "floor",
                f"{source.room} (F{floor}) may not include {room} (F{FLOOR_OF[room]}): "
                "own room and lower floors only",
            )


def check_includes(source: Source) -> Iterator[Finding]:
    allowed = INCLUDE_ROOTS[source.part]
    for line, quote, path in source.includes:
        if quote == '"':
            if not path.startswith(allowed) or "/../" in path:
                yield source.finding(
                    line, "include-root", f'"{path}" does not start with {" or ".join(allowed)}'
                )
        elif source.part == "broker" and path not in BROKER_STD:
            yield source.finding(line, "broker-std", f"<{path}> is not for broker/")
        elif source.part == "platform" and path in ("iostream", "functional"):
            yield source.finding(line, "platform-std", f"<{path}> is not for platform/")
        elif source.part == "client" and re.match(r"mosquitto|MQTT-C|mbedtls|lwip", path):
            yield source.finding(line, "client-paho", f"client/ stands on Paho, not on <{path}>")
    if source.own_header and source.part != "tests":
        first = source.includes[0] if source.includes else (1, "", "")
        if first[2] != source.own_header:
            yield source.finding(first[0], "own-header", f'"{source.own_header}" comes first')


def check_code(source: Source) -> Iterator[Finding]:
    if source.part not in ("broker", "platform"):
        return
    rules = NO_EXCEPTIONS_OR_RTTI + (BROKER_ONLY if source.part == "broker" else [])
    for number, line in enumerate(source.code, 1):
        conditional = source.part == "broker" and CONDITIONAL.match(line)
        if conditional:
            yield source.finding(
                number, "preprocessor", f"#{conditional[1]} in broker/: a feature is a room"
            )
        for pattern, rule, message in rules:
            if re.search(pattern, line):
                yield source.finding(number, rule, message)


def check_pragma_once(source: Source) -> Iterator[Finding]:
    if source.name.endswith(".hpp") and not any("#pragma once" in line for line in source.code):
        yield source.finding(1, "pragma-once", "a header opens with #pragma once")


def check_cmake(root: Path, sources: list) -> Iterator[Finding]:
    """Every source is listed; no globs; no flags for everybody."""
    listed = set()
    for path in files(root):
        if path.name != "CMakeLists.txt" and path.suffix != ".cmake":
            continue
        name = path.relative_to(root).as_posix()
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            line = line.split("#")[0]
            if re.search(r"\bfile\s*\(\s*GLOB", line, re.I):
                yield Finding(name, number, "cmake-glob", "sources are listed, not globbed")
            if GLOBAL_CMAKE.match(line):
                yield Finding(name, number, "cmake-global", "use target_*, nothing global")
            for token in re.findall(r"[^\s()\"]+\.cpp\b", line):
                token = re.sub(r"^\$\{(?:PROJECT|CMAKE)_SOURCE_DIR\}", str(root), token)
                token = re.sub(r"^\$\{CMAKE_CURRENT_(?:SOURCE|LIST)_DIR\}/", "", token)
                listed.add((path.parent / token).resolve())
    for source in sources:
        if source.name.endswith(".cpp") and (root / source.name).resolve() not in listed:
            yield source.finding(1, "cmake-unlisted", "no CMakeLists.txt lists this file")


def check_machine_paths(root: Path) -> Iterator[Finding]:
    for path in files(root):
        if path.stat().st_size > 4_000_000:
            continue
        text = path.read_bytes().decode("latin-1")
        for number, line in enumerate(text.split("\n"), 1):
            if MACHINE_PATH.search(line):
                name = path.relative_to(root).as_posix()
                yield Finding(name, number, "machine-path", "a path of somebody's machine")


def files(root: Path) -> Iterator[Path]:
    folders = [root]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if path.is_symlink() or path.name in SKIPPED_FOLDERS:
                continue
            if path.is_dir():
                folders.append(path)
            elif path.is_file():
                yield path


def findings(root: Path) -> list:
    sources = [
        Source(root, path)
        for path in files(root)
        if path.suffix in (".cpp", ".hpp") and path.relative_to(root).parts[0] in INCLUDE_ROOTS
    ]
    found = []
    for source in sources:
        for check in (check_floors, check_includes, check_code, check_pragma_once):
            found.extend(check(source))
    found.extend(check_cmake(root, sources))
    found.extend(check_machine_paths(root))
    return sorted(found)


def main() -> int:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2]).resolve()
    if not (root / "broker").is_dir():
        print(f"{root} has no broker/: not the root of the project")
        return 2
    found = findings(root)
    for finding in found:
        print(f"{finding.file}:{finding.line}: {finding.rule}: {finding.message}")
    print(f"tidy: {len(found)} findings" if found else "tidy: all floors hold")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
