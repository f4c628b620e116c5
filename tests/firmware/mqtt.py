"""An MQTT 5.0 client of a few lines for the tests of the boards: packets by hand, one thread."""

import socket
import struct

from board import PATIENCE, Failure


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack(">H", len(data)) + data


def packet(first: int, body: bytes) -> bytes:
    length = len(body)
    header = bytearray([first])
    while True:
        length, digit = divmod(length, 128)
        header.append(digit | (0x80 if length else 0))
        if not length:
            return bytes(header) + body


class Client:
    """Raises Failure when the board closes the connection or says what was not expected."""

    def __init__(self, port: int, client_id: str, clean: bool = True, expiry: int = 0):
        self.client_id = client_id
        self.publishes = []  # (topic, payload) that came, in their order
        self._identifier = 0
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._received = b""
        properties = b"\x11" + struct.pack(">I", expiry) if expiry else b""
        self._send(
            packet(
                0x10,
                text("MQTT") + bytes([5, 0x02 if clean else 0]) + struct.pack(">H", 0)
                + bytes([len(properties)]) + properties + text(client_id),
            )
        )
        _, body = self.expect(0x20)
        self.reason = body[1]

    def _send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def _read(self, count: int) -> bytes:
        while len(self._received) < count:
            try:
                data = self._socket.recv(65536)
            except OSError as error:
                raise Failure(f"{self.client_id}: {error}") from None
            if not data:
                raise Failure(f"{self.client_id}: the board closed the connection")
            self._received += data
        data, self._received = self._received[:count], self._received[count:]
        return data

    def next_packet(self) -> tuple[int, bytes]:
        first = self._read(1)[0]
        length = shift = 0
        while True:
            digit = self._read(1)[0]
            length |= (digit & 0x7F) << shift
            shift += 7
            if not digit & 0x80:
                return first, self._read(length)

    def expect(self, kind: int) -> tuple[int, bytes]:
        """The next packet of this type; PUBLISHes before it are taken and acknowledged."""
        while True:
            first, body = self.next_packet()
            if first & 0xF0 == kind & 0xF0:
                return first, body
            if first & 0xF0 != 0x30:
                raise Failure(f"{self.client_id}: packet {first:#x} {body.hex()}, not {kind:#x}")
            self._take(first, body)

    def _take(self, first: int, body: bytes) -> None:
        size = struct.unpack(">H", body[:2])[0]
        topic, at = body[2 : 2 + size].decode(), 2 + size
        if first & 0x06:
            self._send(packet(0x40, body[at : at + 2]))
            at += 2
        at += 1 + body[at]  # properties, of less than 128 bytes
        self.publishes.append((topic, body[at:]))

    def subscribe(self, topic_filter: str, qos: int) -> int:
        """The reason code."""
        self._identifier += 1
        body = struct.pack(">H", self._identifier) + b"\0" + text(topic_filter) + bytes([qos])
        self._send(packet(0x82, body))
        return self.expect(0x90)[1][-1]

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> int:
        """With QoS 1; the reason code of its PUBACK."""
        self._identifier += 1
        body = text(topic) + struct.pack(">H", self._identifier) + b"\0" + payload
        self._send(packet(0x32 | retain, body))
        answer = self.expect(0x40)[1]
        return answer[2] if len(answer) > 2 else 0

    def receive(self, count: int) -> None:
        """Waits until so many PUBLISHes have come in all."""
        while len(self.publishes) < count:
            first, body = self.next_packet()
            if first & 0xF0 != 0x30:
                raise Failure(f"{self.client_id}: packet {first:#x} {body.hex()}, no PUBLISH")
            self._take(first, body)

    def disconnect(self) -> None:
        self._send(packet(0xE0, b""))
        while True:  # the board has forgotten the connection when it closes it
            try:
                if not self._socket.recv(65536):
                    break
            except OSError:
                break
        self._socket.close()
