#!/usr/bin/env python3
"""An image for hardware has no semihosting instruction, and the one for QEMU does: so the search
finds them.

usage: semihosting_test.py OBJDUMP HARDWARE_IMAGE QEMU_IMAGE
"""

import re
import subprocess
import sys

from board import Failure, main


def breakpoints(objdump: str, image: str) -> list:
    code = subprocess.run([objdump, "-d", image], capture_output=True, text=True, check=True).stdout
    if "<midge_reset>:" not in code:
        raise Failure(f"{image} has no code to search")
    return re.findall(r"\bbkpt\s.*", code)


def semihosting(objdump: str, hardware: str, emulator: str) -> None:
    found = breakpoints(objdump, hardware)
    if found:
        raise Failure(f"{hardware} has {found}")
    if not any("0x00ab" in line for line in breakpoints(objdump, emulator)):
        raise Failure(f"{emulator} has no semihosting: the search does not work")


if __name__ == "__main__":
    sys.exit(main(semihosting))
