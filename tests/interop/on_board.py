#!/usr/bin/env python3
"""Stands in for the program of the broker, with a board in QEMU behind it: becomes QEMU with a copy
of an image whose midge.conf is FILE, but for the port in its first line, which QEMU listens on. The
text is laid into flash behind the image.

usage: on_board.py -c FILE [options of QEMU...]
environment: MIDGE_BOARD_IMAGE=<folder>/midge-<board>.elf
"""

import os
import re
import struct
import sys
from pathlib import Path

RUN = Path(__file__).resolve().parents[2] / "platform/boards/qemu/run"
CONFIGURATION = b"_ZN5midge5board14kConfigurationE"  # a string_view: length, address
PORT = 1883  # of the board
TEXT_AT = 0x38000  # in the flash of every board, and behind what any image takes


class Image:
    """An ELF file for a 32 bit little endian machine, to be changed in place."""

    SYMBOL_TABLE, LOADED = 2, 1

    def __init__(self, data: bytes):
        self.data = bytearray(data)
        segments, sections = struct.unpack_from("<II", data, 28)
        size, count, section_size, section_count = struct.unpack_from("<HHHH", data, 42)
        self._segments = [
            struct.unpack_from("<5I", data, segments + i * size) for i in range(count)
        ]
        self._sections = [
            struct.unpack_from("<10I", data, sections + i * section_size)
            for i in range(section_count)
        ]

    def address_of(self, name: bytes) -> int:
        for _, kind, _, _, offset, size, names, *_ in self._sections:
            if kind != self.SYMBOL_TABLE:
                continue
            symbols = self.data[offset : offset + size]
            for name_at, value, *_ in struct.iter_unpack("<IIIBBH", symbols):
                at = self._sections[names][4] + name_at
                if self.data[at : at + len(name) + 1] == name + b"\0":
                    return value
        sys.exit(f"the image has no {name.decode()}")

    def offset_of(self, address: int) -> int:
        for kind, offset, start, _, size in self._segments:
            if kind == self.LOADED and start <= address < start + size:
                return offset + address - start
        sys.exit(f"the image has nothing at {address:#x}")


def with_configuration(image: Image, length: int) -> bytes:
    view = image.offset_of(image.address_of(CONFIGURATION))
    struct.pack_into("<II", image.data, view, length, TEXT_AT)
    return bytes(image.data)


def main() -> None:
    source = Path(os.environ["MIDGE_BOARD_IMAGE"])
    board = source.stem.removeprefix("midge-")
    file_at = sys.argv.index("-c") + 1
    file, options = Path(sys.argv[file_at]), sys.argv[file_at + 1 :]
    listener = re.match(r"listener (\d+) 127\.0\.0\.1\n", file.read_text())
    if not listener:
        sys.exit(f"{file} does not begin with a listener on 127.0.0.1")
    text = file.with_suffix(".flash")
    text.write_text(f"listener {PORT}\n" + file.read_text()[listener.end() :])
    image = file.with_suffix(".elf")
    image.write_bytes(with_configuration(Image(source.read_bytes()), text.stat().st_size))
    loader = f"loader,file={text},addr={TEXT_AT:#x},force-raw=on"
    os.execv(RUN, [str(RUN), board, str(image), listener[1], "-device", loader, *options])


if __name__ == "__main__":
    main()
