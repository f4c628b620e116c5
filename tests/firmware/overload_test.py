#!/usr/bin/env python3
"""Too much of everything on a board: who sends it gets the specification's refusal or is closed,
two clients that behave go on, nothing faults, and afterwards every pool holds what it held before.

usage: overload_test.py MACHINE IMAGE CLIENTS [ROUNDS [MESSAGES]]

Each of the rounds, 1 unless told otherwise, sends so many messages through the board.
"""

import struct
import sys
import time
from typing import Callable, Optional

from board import PATIENCE, Board, Failure, main
from frames import Frames, syn
from mqtt import (
    CONNACK, DISCONNECT, Client, Closed, Wire, connect, packet, publish, subscribe, text,
)  # fmt: skip
from pools import Pools, difference
from smoke_test import check_stack

MESSAGES = 100_000
# Seconds. The controller may lose a reset, which is sent once: then only silence tells of the end.
KEEP_ALIVE = 10
STEPS = 2_000  # more of what goes on until something happens is "never"
SERVER_BUSY, SERVER_UNAVAILABLE_311 = 0x89, 3
MALFORMED, PROTOCOL_ERROR, TAKEN_OVER, TOO_LARGE, QUOTA_EXCEEDED = 0x81, 0x82, 0x8E, 0x95, 0x97


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


# --- bombs: each leaves nothing behind -----------------------------------------------------------


def one_client_too_many(stage: Stage) -> None:
    """They are told that there is no room; when one leaves, there is."""
    online = stage.fill("guest")
    for i in range(8):
        reason = refused(stage, f"too-many-{i}", 5)
        expect(reason in (None, SERVER_BUSY, QUOTA_EXCEEDED), f"CONNACK {reason} for one too many")
        reason = refused(stage, f"too-many-{i}", 4)
        expect(reason in (None, SERVER_UNAVAILABLE_311), f"CONNACK {reason} for one too many")
        stage.pair_works()
    online.pop().disconnect()
    online.append(stage.client("afterwards"))
    for client in online:
        client.disconnect()


def deaf_subscribers(stage: Stage) -> None:
    """Some never read while others publish: what has no room for them is dropped and counted."""
    deaf = [Wire(stage.port, receive_bytes=4096)]
    deaf[0].send(connect("deaf-0") + subscribe("flood", 0))
    flood = stage.client("flood")
    listener = stage.client("listener")
    listener.subscribe("flood", 1)
    for step in range(STEPS):
        flood_once(stage, flood, listener, b"x" * 900, 0)
        # Until the host takes no more for the one that does not read.
        if step % 50 == 0 and stage.pools.read()["blocks of lwIP's heap"] > 0:
            break
    else:
        raise Failure("the board can send for ever to one who does not read")
    dropped = stage.counter("publish/messages/dropped")
    for qos in (1, 2):
        deaf.append(Wire(stage.port, receive_bytes=4096))
        deaf[qos].send(connect(f"deaf-{qos}") + subscribe("flood", qos))
    for step in range(100):
        flood_once(stage, flood, listener, b"x" * 60, step % 3)
    expect(stage.counter("publish/messages/dropped") > dropped + 100, "too little is dropped")
    for wire in deaf:
        wire.vanish()
    flood.disconnect()
    listener.disconnect()


def flood_once(stage: Stage, flood: Client, listener: Client, payload: bytes, qos: int) -> None:
    burst = 4  # fits the smallest queue
    for _ in range(burst):
        flood.begin_publish("flood", payload, qos)
    for _ in range(burst):
        expect(flood.finish_publish(qos) == 0, "a message of the flood was refused")
    listener.receive(burst)
    listener.publishes.clear()
    stage.pair_works()


def deaf_crowd(stage: Stage) -> None:
    """As many as there is room for never acknowledge: memory may be full, which is told."""
    crowd = stage.fill("deaf")[1:]
    for client in crowd:
        client.subscribe("flood", 1)
    flood = crowd.pop()
    for _ in range(30):
        if flood.publish("flood", b"x" * 900) == QUOTA_EXCEEDED:
            break
    stage.pair_works(is_refused_too=True)
    for client in crowd:
        client.vanish()
    flood.vanish()
    expect(settles(lambda: stage.pair_works(is_refused_too=True)), "the pair is refused for ever")


def connection_storm(stage: Stage) -> None:
    """More connections than there is room for, all at once, that end in every way."""
    for burst in range(4):
        wires = []
        for i in range(2 * stage.free):
            wire = Wire(stage.port)
            level = 4 + i % 2
            data = connect(f"storm-{burst}-{i}", level, keep_alive=KEEP_ALIVE, will="stormy")
            data += subscribe("stormy", 1, 1, level)
            wire.send(data if i % 3 else data[:-5])
            wires.append(wire)
            time.sleep(0.005)  # QEMU takes two at a time; a third would try again a second later
        stage.pair_works()
        for i, wire in enumerate(wires):
            wire.vanish() if i % 2 else wire.close()
        stage.pair_works()


def taken_over(stage: Stage) -> None:
    """One client id again and again: the connection before it ends, 5.0 with 0x8E."""
    last = stage.client("same")
    for i in range(40):
        successor = stage.client("same", level=4 + i % 2)
        answer = last.packet()
        if last.level == 5:
            expect(answer is not None and answer[1][0] == TAKEN_OVER, f"{answer}, not taken over")
        last.is_closed()
        last.close()
        last = successor
    stage.pair_works()
    last.disconnect()


def messages_pass(stage: Stage) -> None:
    """Through the board in order, none lost and none twice, at every QoS."""
    burst = 8  # fits every queue and window of the smallest board
    for qos, share in ((0, 6), (1, 3), (2, 1)):
        reader = stage.client(f"reader-{qos}", level=4)
        writer = stage.client(f"writer-{qos}")
        reader.subscribe("stream", qos)
        for first in range(0, stage.messages * share // 10, burst):
            payloads = [str(first + i).encode() for i in range(burst)]
            for payload in payloads:
                writer.begin_publish("stream", payload, qos)
            for _ in payloads:
                expect(writer.finish_publish(qos) == 0, "a message of the stream was refused")
            reader.receive(burst)
            got = [payload for _, payload in reader.publishes]
            expect(got == payloads, f"QoS {qos}: {got} instead of {payloads}")
            reader.publishes.clear()
        reader.disconnect()
        writer.disconnect()
        stage.pair_works()


def half_open(stage: Stage) -> None:
    """Connections that say nothing at all, clients that fall silent, and handshakes whose end never
    comes are given up; meanwhile the messages of this round go through."""
    silent = [Wire(stage.port) for _ in range(stage.free // 2)]
    for i, wire in enumerate(silent):
        wire.send(connect("half-open")[: i % 12])
    asleep = [stage.client(f"asleep-{i}", keep_alive=1, level=4 + i % 2)
              for i in range(stage.free - len(silent))]
    stage.pair_works()
    for client in asleep:
        client.is_closed()
        client.close()
    messages_pass(stage)
    for port in range(20_000, 20_000 + 4 * stage.free):
        stage.frames.send(syn(port))
    stage.pair_works()
    for wire in silent:
        wire.is_closed()
        wire.close()
    stage.client("newcomer").disconnect()  # as soon as a handshake has been given up


def oversized_packets(stage: Stage) -> None:
    """Are refused by their length alone, a payload without room by its PUBACK."""
    for level in (4, 5):
        for size in (stage.packet_bytes + 1, 1_000_000, 268_435_455):
            header = packet(0x32, b"")[:1] + remaining_length(size)
            closes_with(stage, TOO_LARGE, f"long-{size}", level, header)
            stage.pair_works()
        whole = publish("large", b"x" * 2 * stage.packet_bytes, 1, 1, level=level)
        closes_with(stage, TOO_LARGE, "whole", level, whole)
        closes_with(stage, MALFORMED, "five-bytes-of-length", level, b"\x30\xff\xff\xff\xff\x01")
        stage.pair_works()
    client = Wire(stage.port)
    client.send(b"\x10" + remaining_length(stage.packet_bytes * 4) + text("MQTT") + b"x" * 4_000)
    expect(client.is_closed(), "a huge CONNECT")
    client.close()
    client = stage.client("payload")
    reason = client.publish("large", b"x" * (stage.packet_bytes - 100), retain=True)
    expect(reason in (0, 0x10, QUOTA_EXCEEDED), f"PUBACK {reason:#x} for a large payload")
    client.publish("large", b"", retain=True)
    client.disconnect()


def remaining_length(size: int) -> bytes:
    digits = bytearray()
    while True:
        size, digit = divmod(size, 128)
        digits.append(digit | (0x80 if size else 0))
        if not size:
            return bytes(digits)


def half_packets(stage: Stage) -> None:
    """All clients stop in the middle of a PUBLISH, and come and go."""
    half = publish("half", b"x" * 1_400, 1, 1)[:-300]
    for _ in range(3):
        clients = stage.fill("half")
        for client in clients:
            client.send(half)
        stage.pair_works(is_refused_too=True)
        for client in clients:
            client.vanish()
    expect(settles(lambda: stage.pair_works(is_refused_too=True)), "the pair is refused for ever")


def full_tables(stage: Stage) -> None:
    """Subscriptions, retained messages and queues of sleeping sessions until there is no room."""
    sleepers = [stage.client(f"sleeper-{i}", expiry=2, clean=False) for i in range(4)]
    for i, sleeper in enumerate(sleepers):
        sleeper.subscribe("asleep", 1 + i % 2)
        sleeper.disconnect()
    bomb = stage.client("bomb")
    for _ in range(40):
        bomb.publish("asleep", b"y" * 200)
    stage.pair_works(is_refused_too=True)
    until_refused(lambda i: bomb.subscribe(f"filter/{i}/+/{i * 7}/#", 1), "subscriptions")
    stage.pair_works(is_refused_too=True)
    kept = until_refused(lambda i: bomb.publish(f"kept/{i}", b"x" * 200, retain=True), "retained")
    stage.pair_works(is_refused_too=True)
    bomb.vanish()
    cleaner = stage.client("cleaner")
    for i in range(kept):
        cleaner.publish(f"kept/{i}", b"", retain=True)
    cleaner.disconnect()
    expect(settles(lambda: stage.pair_works(is_refused_too=True)), "the pair is refused for ever")


def until_refused(step: Callable[[int], int], what: str) -> int:
    for i in range(STEPS):
        try:
            reason = step(i)
        except Closed as closed:
            reason = closed.reason
        if reason >= 0x80:
            expect(reason == QUOTA_EXCEEDED, f"{what} are refused with {reason:#x}")
            return i
    raise Failure(f"{what} without end")


def garbage(stage: Stage) -> None:
    """What is not MQTT ends its connection."""
    for first in range(0, 256, 5):
        wire = Wire(stage.port)
        wire.send(bytes((first + 97 * i) & 0xFF for i in range(300)))
        if first % 2:
            wire.is_closed()
        wire.close()
    for level in (4, 5):
        closes_with(stage, PROTOCOL_ERROR, "second-connect", level, connect("again", level))
        wrong_flags = b"\x80" + subscribe("a", level=level)[1:]
        closes_with(stage, MALFORMED, "subscribe-flags", level, wrong_flags)
    stage.pair_works()


BOMBS = [
    one_client_too_many, deaf_subscribers, deaf_crowd, connection_storm, taken_over, half_open,
    oversized_packets, half_packets, full_tables, garbage,
]  # fmt: skip


# --- the test ------------------------------------------------------------------------------------


def settles(is_done: Callable[[], bool]) -> bool:
    give_up = time.monotonic() + PATIENCE
    while not is_done():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.2)
    return True


def check_pools(pools: Pools, before: dict[str, int], bomb: str) -> None:
    now = {}

    def are_as_before() -> bool:
        now.clear()
        now.update(pools.read())
        return now == before

    expect(settles(are_as_before), f"after {bomb}: {difference(now, before)}")


def overload(machine: str, image: str, clients: str, rounds: str = "1",
             messages: str = str(MESSAGES)) -> None:
    pools = Pools(image)
    frames = Frames()
    with Board(machine, image, *pools.options, *frames.options) as board:
        board.wait_for("running")
        stage = Stage(board, pools, frames, int(clients), int(messages))
        stage.pair_works()
        before = pools.read()
        for number in range(int(rounds)):
            for bomb in BOMBS:
                started = time.monotonic()
                bomb(stage)
                stage.pair_works()
                check_pools(pools, before, bomb.__name__)
                took = time.monotonic() - started
                print(f"round {number + 1}: {bomb.__name__}, {took:.1f} s", flush=True)
        expect(board.is_running(), "the board has stopped")
        check_stack(board)
        print(f"{len(before)} pools are as they were")


if __name__ == "__main__":
    sys.exit(main(overload))
