"""A board in QEMU for the tests: its console, its port on the loopback interface, its end."""

import os
import queue
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

RUN = Path(__file__).resolve().parents[2] / "platform/boards/qemu/run"
# Seconds; only what hangs takes so long. A full controller loses frames, and each end waits longer
# from loss to loss before it sends again, up to a minute.
PATIENCE = 240.0


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Failure(Exception):
    """What a test found wrong."""


class Card:
    """An empty SD card of a few MiB. Use with `with`: its file ends with the block."""

    def __init__(self, size: int = 16 << 20):
        self._folder = tempfile.TemporaryDirectory()
        self.path = Path(self._folder.name) / "card.img"
        with self.path.open("wb") as file:
            file.truncate(size)
        # QEMU's options. What the board has written is the host's, also when QEMU is killed.
        self.options = ["-drive", f"if=sd,format=raw,cache=writethrough,file={self.path}"]

    def __enter__(self) -> "Card":
        return self

    def __exit__(self, *_) -> None:
        self._folder.cleanup()


class Board:
    """Use with `with`: the emulator ends with the block."""

    def __init__(self, machine: str, image: str, *options: str):
        self.port = free_port()
        self.lines = []  # of the console, as far as they were waited for
        self._queue = queue.Queue()
        self._qemu = subprocess.Popen(
            [RUN, machine, image, str(self.port), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> "Board":
        return self

    def __exit__(self, kind, *_) -> None:
        self.stop()
        if kind is not None:
            self.take_all()
            print("console:\n  " + "\n  ".join(self.lines), file=sys.stderr)

    def _read(self) -> None:
        for line in self._qemu.stdout:
            self._queue.put(line.rstrip())
        self._queue.put(None)

    def take_all(self) -> None:
        """Moves what the console has said meanwhile to `lines`."""
        while not self._queue.empty():
            line = self._queue.get()
            if line is not None:
                self.lines.append(line)

    def wait_for(self, text: str) -> str:
        """The first line of the console from here on that has `text` in it."""
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                line = self._queue.get(timeout=max(0.0, give_up - time.monotonic()))
            except queue.Empty:
                raise Failure(f"the console never said {text!r}") from None
            if line is None:
                raise Failure(f"the board stopped and never said {text!r}")
            self.lines.append(line)
            if text in line:
                return line

    def exit_code(self) -> int:
        """Of a board that ends by itself."""
        try:
            return self._qemu.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failure("the board does not stop") from None

    def is_running(self) -> bool:
        return self._qemu.poll() is None

    def kill(self) -> None:
        """The power goes, at once. What is done with its card is there."""
        self._qemu.kill()
        self._qemu.wait()

    def stop(self) -> None:
        if self.is_running():
            self._qemu.terminate()
        self._qemu.wait()


def main(test) -> int:
    """Runs test(*arguments), tells what it found."""
    try:
        test(*sys.argv[1:])
    except Failure as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        return 1
    print(f"{os.path.basename(sys.argv[0])}: passed")
    return 0
