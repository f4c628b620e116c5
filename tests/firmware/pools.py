"""What is out of every pool of a board, read from its memory by gdb: no code on the board, and no
client, takes part in it."""

import re
import subprocess
import tempfile
from pathlib import Path

from board import PATIENCE, Failure

SCRIPT = Path(__file__).with_name("pools_gdb.py")


class Pools:
    def __init__(self, image: str):
        self._image = image
        self._folder = tempfile.TemporaryDirectory()
        self._socket = f"{self._folder.name}/gdb"
        # For the emulator.
        self.options = [
            "-chardev", f"socket,path={self._socket},server=on,wait=off,id=gdb",
            "-gdb", "chardev:gdb",
        ]  # fmt: skip

    def read(self) -> dict[str, int]:
        """The board stands still meanwhile, wherever it is."""
        gdb = subprocess.run(
            ["gdb-multiarch", "-nx", "-batch", "-ex", f"target remote {self._socket}", "-x", SCRIPT,
             self._image],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )  # fmt: skip
        counts = {name: int(count) for count, name in re.findall(r"^(\d+) (.+)$", gdb.stdout, re.M)}
        if "pages of the arena" not in counts or "lwIP's TCP_PCB" not in counts:
            raise Failure(f"gdb does not find the pools: {gdb.stdout}{gdb.stderr}")
        return counts


def difference(got: dict[str, int], wanted: dict[str, int]) -> str:
    """Empty when they are the same."""
    return ", ".join(
        f"{name}: {got.get(name)} instead of {wanted.get(name)}"
        for name in sorted(got.keys() | wanted.keys())
        if got.get(name) != wanted.get(name)
    )
