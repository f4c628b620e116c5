"""A board, two clients on it that behave, and what the bombs against it have in common."""

import struct
import time
from typing import Callable, Optional

from board import PATIENCE, Board, Failure
from frames import Frames
from mqtt import CONNACK, DISCONNECT, Client, Wire, connect
from pools import Pools

QUOTA_EXCEEDED = 0x97
# Seconds. The controller may lose a reset, which is sent once: then only silence tells of the end.
KEEP_ALIVE = 10


def settles(is_done: Callable[[], bool]) -> bool:
    give_up = time.monotonic() + PATIENCE
    while not is_done():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.2)
    return True


def expect(is_right: bool, what: str) -> None:
    if not is_right:
        raise Failure(what)


class Stage:
    """The board, and the two clients on it that behave."""

    def __init__(self, board: Board, pools: Pools, frames: Frames, clients: int, messages: int):
        self.pools = pools
        self.frames = frames
        self.port = board.port
        self.free = clients - 2
        self.messages = messages
        self.subscriber = Client(self.port, "subscriber", level=4)
        self.publisher = Client(self.port, "publisher")
        expect(self.subscriber.subscribe("pair", 1) == 1, "the subscriber is not subscribed")
        properties = self.publisher.connack[3:]
        at = properties.index(b"\x27")  # Maximum Packet Size
        self.packet_bytes = struct.unpack(">I", properties[at + 1 : at + 5])[0]
        self._number = 0

    def client(self, name: str, keep_alive: int = KEEP_ALIVE, **options) -> Client:
        client = Client(self.port, name, keep_alive=keep_alive, **options)
        expect(client.reason == 0, f"CONNACK {client.reason:#x} for {name}")
        return client

    def fill(self, name: str, **options) -> list[Client]:
        return [self.client(f"{name}-{i}", **options) for i in range(self.free)]

    def pair_works(self, is_refused_too: bool = False) -> bool:
        """A round trip; `is_refused_too`: or 0x97, false then."""
        self._number += 1
        payload = str(self._number).encode()
        reason = self.publisher.publish("pair", payload)
        if is_refused_too and reason == QUOTA_EXCEEDED:
            return False
        expect(reason == 0, f"PUBACK {reason:#x} for one who behaves")
        self.subscriber.receive(1)
        expect(self.subscriber.publishes == [("pair", payload)], "the pair got something else")
        self.subscriber.publishes.clear()
        return True

    def counter(self, name: str) -> int:
        """Of $SYS, as the board has it now."""
        reader = self.client("reader")
        reader.subscribe(f"$SYS/broker/{name}", 0)
        reader.receive(1)
        reader.disconnect()
        return int(reader.publishes[0][1])


def refused(stage: Stage, name: str, level: int) -> Optional[int]:
    """The reason code of a CONNACK, or None when there is none."""
    wire = Wire(stage.port)
    wire.send(connect(name, level))
    answer = wire.packet()
    if answer is not None:
        expect(answer[0] == CONNACK, f"{answer} instead of a CONNACK")
        expect(wire.is_closed(), "it is open after a refusal")
    wire.close()
    return answer and answer[1][1]


def closes_with(stage: Stage, reason: int, name: str, level: int, data: bytes) -> None:
    """What a client sends ends its connection: 5.0 with DISCONNECT and a reason."""
    client = stage.client(f"{name}-{level}", level=level)
    client.send(data)
    answer = client.packet()
    if level == 5:
        is_told = answer is not None and answer[0] == DISCONNECT and answer[1][0] == reason
        expect(is_told, f"{name}: {answer} instead of DISCONNECT {reason:#x}")
        answer = client.packet()
    expect(answer is None, f"{name}: {answer} instead of the end of the connection")
    client.close()
