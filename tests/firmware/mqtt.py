"""An MQTT 3.1.1 and 5.0 client of a few lines for the tests of the boards: packets by hand, one
thread."""

import socket
import struct
from typing import Optional

from board import PATIENCE, Failure

CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 0x20, 0x30, 0x40, 0x50, 0x62, 0x70
SUBACK, PINGRESP, DISCONNECT = 0x90, 0xD0, 0xE0
PINGREQ = b"\xc0\x00"


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


def connect(client_id: str, level: int = 5, clean: bool = True, expiry: int = 0,
            keep_alive: int = 0, will: Optional[str] = None) -> bytes:
    """`will` is the topic of an empty message of QoS 1."""
    properties = b"\x11" + struct.pack(">I", expiry) if expiry else b""
    flags = (0x02 if clean else 0) | (0x0C if will else 0)
    body = text("MQTT") + bytes([level, flags]) + struct.pack(">H", keep_alive)
    if level == 5:
        body += bytes([len(properties)]) + properties
    body += text(client_id)
    if will:
        body += (b"\0" if level == 5 else b"") + text(will) + text("")
    return packet(0x10, body)


def subscribe(topic_filter: str, qos: int = 0, identifier: int = 1, level: int = 5) -> bytes:
    properties = b"\0" if level == 5 else b""
    body = struct.pack(">H", identifier) + properties + text(topic_filter) + bytes([qos])
    return packet(0x82, body)


def publish(topic: str, payload: bytes, qos: int = 0, identifier: int = 0, retain: bool = False,
            level: int = 5) -> bytes:
    body = text(topic) + (struct.pack(">H", identifier) if qos else b"")
    return packet(PUBLISH | qos << 1 | retain, body + (b"\0" if level == 5 else b"") + payload)


class Wire:
    """A TCP connection to the board, and the packets that come from it."""

    def __init__(self, port: int, receive_bytes: int = 0):
        """`receive_bytes` is what the host keeps for a client that does not read."""
        self._received = b""
        self._socket = socket.socket()
        if receive_bytes:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self._socket.settimeout(PATIENCE)
        self._socket.connect(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: bytes) -> bool:
        """False when the board has closed the connection."""
        try:
            self._socket.sendall(data)
        except ConnectionError:
            return False
        return True

    def _read(self, count: int) -> Optional[bytes]:
        while len(self._received) < count:
            try:
                data = self._socket.recv(65536)
            except ConnectionError:
                return None
            except OSError as error:
                raise Failure(f"nothing comes from the board: {error}") from None
            if not data:
                return None
            self._received += data
        data, self._received = self._received[:count], self._received[count:]
        return data

    def packet(self) -> Optional[tuple[int, bytes]]:
        """The next one: its first byte and body. None when the board closes the connection."""
        header = self._read(2)
        length = shift = 0
        while header is not None:
            length |= (header[-1] & 0x7F) << shift
            shift += 7
            if not header[-1] & 0x80:
                body = self._read(length)
                return None if body is None else (header[0], body)
            more = self._read(1)
            header = None if more is None else header + more
        return None

    def is_closed(self) -> bool:
        """Waits for it. What still comes is thrown away."""
        while self.packet() is not None:
            pass
        return True

    def close(self) -> None:
        self._socket.close()

    def vanish(self) -> None:
        """Ends it with a reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()


class Closed(Failure):
    """The board has said DISCONNECT."""

    def __init__(self, client_id: str, reason: int):
        super().__init__(f"{client_id}: DISCONNECT {reason:#x}")
        self.reason = reason


class Client(Wire):
    """Raises Failure when the board closes the connection or says what was not expected."""

    def __init__(self, port: int, client_id: str, clean: bool = True, expiry: int = 0,
                 level: int = 5, keep_alive: int = 0):
        super().__init__(port)
        self.client_id = client_id
        self.level = level
        self.publishes = []  # (topic, payload) that came, in their order
        self._identifier = 0
        self._finished = []  # the reason codes of what was published with QoS 1 and 2
        self.send(connect(client_id, level, clean, expiry, keep_alive))
        self.connack = self.expect(CONNACK)
        self.reason = self.connack[1]

    def _next_identifier(self) -> int:
        self._identifier = self._identifier % 65535 + 1
        return self._identifier

    def next_packet(self) -> tuple[int, bytes]:
        got = self.packet()
        if got is None:
            raise Failure(f"{self.client_id}: the board closed the connection")
        return got

    def expect(self, kind: int) -> bytes:
        """The body of the next packet of this type; PUBLISHes before it are acknowledged."""
        while True:
            first, body = self.next_packet()
            if first & 0xF0 == kind & 0xF0:
                return body
            self._take(first, body, kind)

    def _take(self, first: int, body: bytes, wanted: int) -> None:
        """A PUBLISH, or a part of the handshake of one."""
        reason = body[2] if len(body) > 2 else 0
        if first == DISCONNECT:
            raise Closed(self.client_id, body[0])
        if first == PUBREL:
            return self._answer(PUBCOMP, body)
        if first == PUBREC and reason < 0x80:
            return self._answer(PUBREL, body)
        if first in (PUBACK, PUBREC, PUBCOMP):
            return self._finished.append(reason)
        if first & 0xF0 != PUBLISH:
            raise Failure(f"{self.client_id}: packet {first:#x} {body.hex()}, not {wanted:#x}")
        size = struct.unpack(">H", body[:2])[0]
        topic, at = body[2 : 2 + size].decode(), 2 + size
        qos = first >> 1 & 3
        if qos:
            self._answer(PUBACK if qos == 1 else PUBREC, body[at:])
            at += 2
        if self.level == 5:
            at += 1 + body[at]  # properties, of less than 128 bytes
        self.publishes.append((topic, body[at:]))

    def _answer(self, kind: int, body: bytes) -> None:
        self.send(packet(kind, body[:2]))

    def subscribe(self, topic_filter: str, qos: int) -> int:
        """The reason code."""
        self.send(subscribe(topic_filter, qos, self._next_identifier(), self.level))
        return self.expect(SUBACK)[-1]

    def begin_publish(self, topic: str, payload: bytes, qos: int, retain: bool = False) -> None:
        """Sends it; finish_publish() waits for what has to come back."""
        identifier = self._next_identifier()
        self.send(publish(topic, payload, qos, identifier, retain, self.level))

    def finish_publish(self, qos: int) -> int:
        """The reason code of the oldest that waits for one; of QoS 0, 0."""
        while qos > 0 and not self._finished:
            self._take(*self.next_packet(), PUBACK)
        return self._finished.pop(0) if qos > 0 else 0

    def publish(self, topic: str, payload: bytes, retain: bool = False, qos: int = 1) -> int:
        self.begin_publish(topic, payload, qos, retain)
        return self.finish_publish(qos)

    def ping(self) -> None:
        """Waits until the board has worked off what was sent before."""
        self.send(PINGREQ)
        self.expect(PINGRESP)

    def receive(self, count: int) -> None:
        """Waits until so many PUBLISHes have come in all."""
        while len(self.publishes) < count:
            self._take(*self.next_packet(), PUBLISH)

    def disconnect(self) -> None:
        self.send(packet(DISCONNECT, b""))
        self.is_closed()  # the board has forgotten the connection when it closes it
        self.close()
