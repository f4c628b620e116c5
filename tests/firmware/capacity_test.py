#!/usr/bin/env python3
"""A board holds at the same time what its budget says: clients with two subscriptions each, retained
messages, and messages that wait for sessions of absent clients. One client more is told that there
is no room.

With a card the power goes when all that is there, and nothing of it is missing afterwards.

usage: capacity_test.py MACHINE IMAGE [card]
"""

import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import NamedTuple

from board import Board, Card, Failure, main
from mqtt import Client

budget = SourceFileLoader(
    "budget", str(Path(__file__).resolve().parents[2] / "cmake/budget")
).load_module()

# A larger board promises more than a test has time for.
MOST_SLEEPERS, MOST_RETAINED, MOST_QUEUED = 32, 256, 16
SERVER_BUSY, QUOTA_EXCEEDED = 0x89, 0x97


payload_bytes = 0


def payload(*numbers: int) -> bytes:
    return ".".join(map(str, numbers)).ljust(payload_bytes, "x").encode()


def expect(got, wanted, what: str) -> None:
    if got != wanted:
        raise Failure(f"{what}: {got!r:.200} instead of {wanted!r:.200}")


class Amount(NamedTuple):
    clients: int
    sleepers: int
    retained: int
    queued: int  # for each of the sleepers
    each: int  # subscriptions of each of them


def sleep(port: int, sleepers: int, each: int) -> None:
    for i in range(sleepers):
        sleeper = Client(port, f"service-{i:02}-of-the-night", clean=False, expiry=3600)
        expect(sleeper.reason, 0, f"CONNACK of sleeper {i}")
        expect(sleeper.subscribe(f"v1/orders/{i}/placed", 1), 1, f"SUBACK of sleeper {i}")
        if each == 2:
            expect(sleeper.subscribe(f"v1/users/{i}/+", 1), 1, f"second SUBACK of sleeper {i}")
        sleeper.disconnect()


def come(port: int, clients: int) -> list[Client]:
    online = []
    for i in range(clients):
        client = Client(port, f"sensor-{i:02}-at-the-window")
        expect(client.reason, 0, f"CONNACK of client {i}")
        expect(client.subscribe(f"site/{i}/room/+", 1), 1, f"SUBACK of client {i}")
        expect(client.subscribe(f"site/{i}/set", 1), 1, f"second SUBACK of client {i}")
        online.append(client)
    return online


def send(first: Client, retained: int, sleepers: int, queued: int) -> None:
    for i in range(retained):
        reason = first.publish(f"state/{i:03}/temperature", payload(i), retain=True)
        expect(reason in (0, 0x10), True, f"PUBACK of retained message {i} ({reason:#x})")
    for i in range(sleepers):
        for n in range(queued):
            reason = first.publish(f"v1/orders/{i}/placed", payload(i, n))
            expect(reason, 0, f"PUBACK of message {n} for sleeper {i}")


def check(port: int, online: list[Client], amount: Amount) -> None:
    """All that was promised is there, and there is no room for a client more."""
    try:
        reason = Client(port, "one-too-many").reason
    except Failure:
        reason = SERVER_BUSY  # closed without a word
    expect(reason in (SERVER_BUSY, QUOTA_EXCEEDED), True, f"CONNACK of one client more ({reason})")

    first = online[0]
    for i, client in enumerate(online):
        expect(first.publish(f"site/{i}/set", payload(i)), 0, f"PUBACK of a message to client {i}")
        client.receive(1)
        expect(client.publishes, [(f"site/{i}/set", payload(i))], f"what client {i} got")
    online.pop().disconnect()
    for i in range(amount.sleepers):
        sleeper = Client(port, f"service-{i:02}-of-the-night", clean=False)
        sleeper.receive(amount.queued)
        wanted = [(f"v1/orders/{i}/placed", payload(i, n)) for n in range(amount.queued)]
        expect(sleeper.publishes, wanted, f"what sleeper {i} got")
        sleeper.disconnect()
    reader = Client(port, "reader")
    expect(reader.subscribe("state/#", 1), 1, "SUBACK of the reader")
    reader.receive(amount.retained)
    wanted = [(f"state/{i:03}/temperature", payload(i)) for i in range(amount.retained)]
    expect(sorted(reader.publishes), wanted, "the retained messages")


def hold(board: Board, amount: Amount) -> None:
    sleep(board.port, amount.sleepers, amount.each)
    online = come(board.port, amount.clients)
    send(online[0], amount.retained, amount.sleepers, amount.queued)
    check(board.port, online, amount)


def keep(machine: str, image: str, amount: Amount) -> None:
    with Card() as card:
        with Board(machine, image, *card.options) as board:
            board.wait_for("running")
            sleep(board.port, amount.sleepers, amount.each)
            online = come(board.port, amount.clients)
            send(online[0], amount.retained, amount.sleepers, amount.queued)
            board.kill()
        for client in online:
            client.close()
        with Board(machine, image, *card.options) as board:
            print(board.wait_for("Restored: "))
            board.wait_for("running")
            check(board.port, come(board.port, amount.clients), amount)


def capacity(machine: str, image: str, card: str = "") -> None:
    holds = budget.promised(Path(image))
    clients = holds["clients"].count
    sleepers = holds["sessions"].count - clients
    queued = holds["queued messages, kept" if card else "queued messages"].count // sleepers
    # Two for each client; the sleepers may have one only.
    each = 2 if holds["subscriptions"].count >= 2 * (clients + sleepers) else 1
    expect(holds["subscriptions"].count >= 2 * clients + each * sleepers, True, "subscriptions")
    # What the test's own names need.
    for what, length in (("clients", 23), ("subscriptions", 20), ("topics", 21)):
        expect(holds[what].bytes >= length, True, f"the length of {what}")
    global payload_bytes
    payload_bytes = holds["retained messages"].bytes
    amount = Amount(
        clients,
        min(sleepers, MOST_SLEEPERS),
        min(holds["retained messages"].count, MOST_RETAINED),
        min(queued, MOST_QUEUED),
        each,
    )
    if card:
        return keep(machine, image, amount)
    with Board(machine, image) as board:
        board.wait_for("running")
        hold(board, amount)
        if not board.is_running():
            raise Failure("the board has stopped")


if __name__ == "__main__":
    sys.exit(main(capacity))
