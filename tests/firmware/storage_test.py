#!/usr/bin/env python3
"""The SD card driver passes the HAL's storage checks, finds the card's size (small cards and large
ones say it in different ways), and what it has written is there after the power was off.

usage: storage_test.py MACHINE IMAGE
"""

import sys
import tempfile
from pathlib import Path

from board import Board, Failure, main

SEGMENT = 32 * 1024


def start(machine: str, image: str, card: Path) -> str:
    with Board(machine, image, "-drive", f"if=sd,format=raw,file={card}") as board:
        line = board.wait_for("notice: start ")
        code = board.exit_code()
        if code != 0:
            raise Failure(f"{code} checks are broken: {board.lines}")
    return line


def storage(machine: str, image: str) -> None:
    with Board(machine, image) as board:
        board.wait_for("no card")
        board.exit_code()
    # The second is beyond 2 GiB, so it takes block numbers for addresses. Both files stay sparse.
    for size in (4 << 20, 4 << 30):
        with tempfile.TemporaryDirectory() as folder:
            card = Path(folder) / "card.img"
            with card.open("wb") as file:
                file.truncate(size)
            for count in (1, 2):
                line = start(machine, image, card)
                wanted = f"start {count}: {size // SEGMENT} segments of {SEGMENT} bytes"
                if wanted not in line:
                    raise Failure(f"the board said {line!r} instead of {wanted!r}")


if __name__ == "__main__":
    sys.exit(main(storage))
