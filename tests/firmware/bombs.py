"""Too much of everything: each bomb checks the answer to it, and that the two who behave go on. It
leaves nothing behind."""

import time
from typing import Callable

from board import Failure
from frames import syn
from mqtt import Client, Closed, Wire, connect, packet, publish, subscribe, text
from stage import KEEP_ALIVE, QUOTA_EXCEEDED, Stage, closes_with, expect, refused, settles

STEPS = 2_000  # more of what goes on until something happens is "never"
SERVER_BUSY, SERVER_UNAVAILABLE_311 = 0x89, 3
MALFORMED, PROTOCOL_ERROR, TAKEN_OVER, TOO_LARGE = 0x81, 0x82, 0x8E, 0x95


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
    listener = stage.client("listener", keep_alive=0)  # it has nothing to say to QoS 0
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
        reader = stage.client(f"reader-{qos}", keep_alive=0, level=4)
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
