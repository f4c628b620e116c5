"""Ethernet frames for a board from a host that does not exist: nobody answers what it answers."""

import socket
import struct
import tempfile

ITS_MAC = bytes.fromhex("525400123456")  # QEMU gives it to the first controller
OUR_MAC = bytes.fromhex("525400fedcba")
ITS_ADDRESS, OUR_ADDRESS = bytes([10, 0, 2, 15]), bytes([10, 0, 2, 77])
PORT = 1883
SYN = 0x02


def checksum(data: bytes) -> int:
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def syn(port: int) -> bytes:
    """Asks for a TCP connection from that port of ours."""

    def tcp(check: int) -> bytes:
        return struct.pack(">HHIIBBHHH", port, PORT, port, 0, 5 << 4, SYN, 4096, check, 0)

    def ip(check: int) -> bytes:
        head = struct.pack(">BBHHHBBH", 0x45, 0, 40, port, 0, 64, 6, check)
        return head + OUR_ADDRESS + ITS_ADDRESS

    segment = tcp(checksum(OUR_ADDRESS + ITS_ADDRESS + struct.pack(">HH", 6, 20) + tcp(0)))
    frame = ITS_MAC + OUR_MAC + b"\x08\x00" + ip(checksum(ip(0))) + segment
    return frame.ljust(60, b"\0")


class Frames:
    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        self._path = f"{self._folder.name}/frames"
        # For the emulator.
        self.options = [
            "-chardev", f"socket,path={self._path},server=on,wait=off,id=frames",
            "-object", "filter-redirector,id=frames0,netdev=net0,queue=tx,indev=frames",
        ]  # fmt: skip
        self._socket = None

    def send(self, frame: bytes) -> None:
        if self._socket is None:
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.connect(self._path)
        self._socket.sendall(struct.pack(">I", len(frame)) + frame)
