#!/usr/bin/env python3
"""Builds a target and is content when the linker refuses it for the one reason that it should.

usage: must_not_link.py BUILD_FOLDER TARGET REASON     REASON: what each error of the linker says
"""

import re
import subprocess
import sys

from board import Failure, main

ERROR = re.compile(r"undefined reference to|error:|multiple definition|region .* overflowed|^.*ld: (?!warning).*[^:]$")


def must_not_link(folder: str, target: str, reason: str) -> None:
    # Everything but the link itself must work.
    build = subprocess.run(
        ["cmake", "--build", folder, "--target", target], capture_output=True, text=True
    )
    output = build.stdout + build.stderr
    if build.returncode == 0:
        raise Failure(f"{target} links")
    if "Linking CXX executable" not in output:
        raise Failure(f"{target} does not come as far as being linked:\n{output}")
    errors = [
        line
        for line in output.split("\n")
        if ERROR.search(line) and "collect2: error: ld returned" not in line
    ]
    if not errors or any(reason not in line for line in errors):
        raise Failure(f"{target} fails for another reason than {reason!r}:\n{output}")


if __name__ == "__main__":
    sys.exit(main(must_not_link))
