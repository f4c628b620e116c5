#!/usr/bin/env python3
"""Shows that tidy.py can fail: every rule has code that breaks it and only it, and look-alikes
that must pass. Exits 1 if a finding is missing or one is too many."""

import sys
import tempfile
from pathlib import Path

import tidy

# file, content, and the line and rule that must be reported.
BAD = [
    ("broker/wire/a.hpp", '#pragma once\n#include "broker/topic/filter.hpp"\n', 2, "floor"),
    ("broker/topic/a.hpp", '#pragma once\n#include "broker/message/m.hpp"\n', 2, "floor"),
    ("broker/session/a.hpp", '#pragma once\n\n#include "broker/auth/a.hpp"\n', 3, "floor"),
    ("broker/auth/a.hpp", '#pragma once\n\n#include "broker/session/a.hpp"\n', 3, "floor"),
    ("broker/sys/a.hpp", '#pragma once\n#include "broker/config/a.hpp"\n', 2, "floor"),
    ("broker/core/a.hpp", '#pragma once\n#include "broker/attic/a.hpp"\n', 2, "floor"),
    ("broker/attic/a.hpp", "#pragma once\n", 1, "floor"),
    ("broker/core/a.hpp", '#pragma once\n#include "platform/sim/link.hpp"\n', 2, "include-root"),
    ("broker/core/a.hpp", '#pragma once\n#include "core.hpp"\n', 2, "include-root"),
    ("broker/core/a.hpp", '#pragma once\n#include "broker/../x.hpp"\n', 2, "include-root"),
    ("platform/linux/a.hpp", '#pragma once\n#include "poll.hpp"\n', 2, "include-root"),
    ("tests/unit/a.hpp", '#pragma once\n#include "../hex.hpp"\n', 2, "include-root"),
    ("client/a.hpp", '#pragma once\n#include "broker/base/bytes.hpp"\n', 2, "include-root"),
    ("client/a.hpp", "#pragma once\n#include <mosquitto.h>\n", 2, "client-paho"),
    ("broker/hal/a.hpp", "#pragma once\n#include <sys/socket.h>\n", 2, "broker-std"),
    ("broker/hal/a.hpp", "#pragma once\n#include <lwip/tcp.h>\n", 2, "broker-std"),
    ("broker/hal/a.hpp", "#pragma once\n#include <mbedtls/ssl.h>\n", 2, "broker-std"),
    ("broker/hal/a.hpp", "#pragma once\n#include <mqtt/client.h>\n", 2, "broker-std"),
    ("broker/hal/a.hpp", "#pragma once\n#include <iostream>\n", 2, "broker-std"),
    ("broker/hal/a.hpp", "#pragma once\n#  include  <string>\n", 2, "broker-std"),
    ("broker/hal/a.hpp", "#pragma once\n#include <functional>\n", 2, "broker-std"),
    ("broker/hal/a.hpp", "#pragma once\n#include <thread>\n", 2, "broker-std"),
    ("platform/linux/a.hpp", "#pragma once\n#include <iostream>\n", 2, "platform-std"),
    ("broker/hal/a.hpp", "#pragma once\n#if defined(__linux__)\n", 2, "preprocessor"),
    ("broker/hal/a.hpp", "#pragma once\n # ifdef MIDGE_TLS\n", 2, "preprocessor"),
    ("broker/hal/a.hpp", "#pragma once\n\nauto* p = new Session;\n", 3, "allocation"),
    ("broker/hal/a.hpp", "#pragma once\nauto* p = new (std::nothrow) int;\n", 2, "allocation"),
    ("broker/hal/a.hpp", "#pragma once\nvoid f(int* p) { delete p; }\n", 2, "allocation"),
    ("broker/hal/a.hpp", "#pragma once\nvoid f(int* p) { delete[] p; }\n", 2, "allocation"),
    ("broker/hal/a.hpp", "#pragma once\nvoid* p = std::malloc(4);\n", 2, "allocation"),
    ("broker/hal/a.hpp", "#pragma once\nvoid* p = realloc(q, 4);\n", 2, "allocation"),
    ("broker/hal/a.hpp", "#pragma once\nstd::vector<int> v;\n", 2, "allocation"),
    ("broker/hal/a.hpp", "#pragma once\nstd::shared_ptr<int> v;\n", 2, "allocation"),
    ("broker/hal/a.hpp", "#pragma once\nstd::function<void()> f;\n", 2, "std-function"),
    ("platform/sim/a.hpp", "#pragma once\nstd::function<void()> f;\n", 2, "std-function"),
    ("broker/hal/a.hpp", "#pragma once\nvoid f() { throw 1; }\n", 2, "exceptions"),
    ("platform/sim/a.hpp", "#pragma once\nvoid f() { try { g(); } \n", 2, "exceptions"),
    ("broker/hal/a.hpp", "#pragma once\nauto* b = dynamic_cast<B*>(a);\n", 2, "rtti"),
    ("platform/sim/a.hpp", "#pragma once\nauto& t = typeid(a);\n", 2, "rtti"),
    ("broker/hal/a.hpp", "#pragma once\nauto t = std::chrono::steady_clock::now();\n", 2, "clock"),
    ("broker/hal/a.hpp", "#pragma once\nauto t = time(nullptr);\n", 2, "clock"),
    ("broker/hal/a.hpp", "#pragma once\nint x = rand();\n", 2, "random"),
    ("broker/hal/a.hpp", "struct A {};\n", 1, "pragma-once"),
    ("broker/hal/CMakeLists.txt", "file(GLOB sources *.cpp)\n", 1, "cmake-glob"),
    ("broker/hal/CMakeLists.txt", "\nadd_compile_options(-O3)\n", 2, "cmake-global"),
    ("broker/hal/forgotten.cpp", "int x;\n", 1, "cmake-unlisted"),
    ("docs/a.md", "see\n%s/midge\n" % "/".join(["", "root"]), 2, "machine-path"),
    ("cmake/b", "cd %s/main\n" % "/".join(["", "work"]), 1, "machine-path"),
]

# The own header comes first: needs the header beside the source, and the source in a list.
OWN_HEADER_LAST = {
    "broker/hal/CMakeLists.txt": "add_library(hal a.cpp)\n",
    "broker/hal/a.hpp": "#pragma once\n",
    "broker/hal/a.cpp": '#include <array>\n\n#include "broker/hal/a.hpp"\n',
}

# What looks like a fault and is none.
GOOD = {
    "broker/base/CMakeLists.txt": "# not file(GLOB)\nadd_library(base pool.cpp)\n",
    "broker/base/pool.hpp": "#pragma once\n#include <cstddef>\n",
    "broker/base/pool.cpp": """#include "broker/base/pool.hpp"

#include <new>

// new memory comes from malloc(1); try to throw std::string at it
/* #if 0
   #include <iostream>
*/
#define MIDGE_TRY_NOTHING(x) ((void)(x))
const char* text = "new Session; try { throw typeid(1); } #include <map>";
const char* raw = R"x(
#ifdef new Session
malloc(3) " ' )" )x";
constexpr int kLimit = 268'435'455, kMask = 0xFF'FF;
constexpr char kQuote = '"', kTick = '\\'';
struct Pool {
  Pool(const Pool&) = delete;
  void* make(void* p) { return ::new (p) Pool(1); }
  int try_push(int timeout) { return arena.malloc(timeout) + time_left(0) + renew(1); }
  int new_topics, news;
};
""",
    "broker/wire/a.hpp": '#pragma once\n#include "broker/base/pool.hpp"\n',
    "broker/core/a.hpp": '#pragma once\n#include "broker/wire/a.hpp"\n#include "broker/core/b.hpp"\n',
    "platform/linux/a.hpp": "#pragma once\n#ifdef __linux__\n#include <sys/epoll.h>\n"
    '#endif\n#include "broker/hal/transport.hpp"\n',
    "tests/unit/a.hpp": '#pragma once\n#include <string>\n#include "broker/wire/a.hpp"\n'
    "inline void f() { throw std::string(1, 'x'); }\n",
    "docs/a.md": "example.com/%s/, my%s/x\n" % ("work", "/".join(["", "root"])),
}


def findings_of(files: dict) -> list:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        (root / "broker").mkdir()
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return [(found.file, found.line, found.rule) for found in tidy.findings(root)]


def main() -> int:
    cases = [({name: content}, [(name, line, rule)]) for name, content, line, rule in BAD]
    cases.append((OWN_HEADER_LAST, [("broker/hal/a.cpp", 1, "own-header")]))
    cases.append((GOOD, []))
    wrong = 0
    for files, expected in cases:
        got = findings_of(files)
        if got != expected:
            wrong += 1
            print(f"expected {expected}\n     got {got}")
            for name, content in files.items():
                print(f"--- {name}\n{content}")
    print(f"tidy selftest: {len(cases)} cases, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
