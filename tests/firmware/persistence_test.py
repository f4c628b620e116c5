#!/usr/bin/env python3
"""With an SD card nothing that a board has acknowledged is lost when it is restarted, or when its
power goes at any moment under load, and it starts again whatever it has been filled with. Without
a card it keeps nothing and says so; a card with files on it is left alone.

usage: persistence_test.py MACHINE IMAGE [ROUNDS [SEED]]
"""

import random
import struct
import sys
import tempfile
import threading
from importlib.machinery import SourceFileLoader
from pathlib import Path

from board import Board, Card, Failure, main
from mqtt import PUBACK, PUBCOMP, PUBLISH, PUBREC, PUBREL, Client, packet, publish
from smoke_test import check_stack

on_board = SourceFileLoader(
    "on_board", str(Path(__file__).resolve().parents[1] / "interop/on_board.py")
).load_module()

ROUNDS = 5
WINDOW = 4  # messages of the publisher that are under way
QUEUED = 12  # for one who sleeps: less than the board's max_queued_messages
TOPICS = 8  # that are retained


def expect(got, wanted, what: str) -> None:
    if got != wanted:
        raise Failure(f"{what}: {got!r:.300} instead of {wanted!r:.300}")


class Subscriber:
    """What a client with a session knows, over all its connections."""

    def __init__(self, client_id: str, topic: str):
        self.client_id = client_id
        self.topic = topic
        self.got = []  # (QoS, payload), without what is repeated as QoS 2 allows it
        self._open = set()  # identifiers of QoS 2 before their PUBREL
        self._wire = None

    def connect(self, port: int, is_known: bool) -> None:
        self._wire = Client(port, self.client_id, clean=False, expiry=3600)
        expect(self._wire.reason, 0, f"CONNACK of {self.client_id}")
        expect(self._wire.connack[0], int(is_known), f"Session Present of {self.client_id}")
        if not is_known:
            expect(self._wire.subscribe(self.topic, 2), 2, f"SUBACK of {self.client_id}")

    def leave(self) -> None:
        self._wire.disconnect()

    def take(self) -> bool:
        """The next packet; False when the connection has ended."""
        try:
            first, body = self._wire.next_packet()
        except Failure:
            return False
        if first == PUBREL:
            self._open.discard(body[:2])
            self._wire.send(packet(PUBCOMP, body[:2]))
        elif first & 0xF0 == PUBLISH:
            qos = first >> 1 & 3
            at = 2 + struct.unpack(">H", body[:2])[0]
            identifier = body[at : at + 2]
            payload = body[at + 3 + body[at + 2] :]
            if qos != 2 or identifier not in self._open:
                self.got.append((qos, payload))
            if qos == 2:
                self._open.add(identifier)
            self._wire.send(packet(PUBREC if qos == 2 else PUBACK, identifier))
        return True

    def take_all(self) -> None:
        while self.take():
            pass
        self._wire.close()

    def take_until(self, payload: bytes) -> None:
        while (1, payload) not in self.got:
            if not self.take():
                raise Failure(f"{self.client_id}: the connection ended before {payload!r} came")


class Publisher(Client):
    """Sends with a window, and notes what was acknowledged."""

    def __init__(self, port: int):
        super().__init__(port, "publisher")
        self._under_way = {}  # by identifier
        self.acknowledged = []  # (topic, QoS, payload)

    def send_one(self, topic: str, payload: bytes, qos: int, retain: bool = False) -> None:
        while len(self._under_way) >= WINDOW:
            self.wait()
        identifier = self._next_identifier()
        while identifier in self._under_way:
            identifier = self._next_identifier()
        self._under_way[identifier] = (topic, qos, payload)
        self.send(publish(topic, payload, qos, identifier, retain))

    def wait(self) -> None:
        first, body = self.next_packet()
        identifier = struct.unpack(">H", body[:2])[0]
        reason = body[2] if len(body) > 2 else 0
        if first in (PUBACK, PUBREC) and reason < 0x80:
            self.acknowledged.append(self._under_way[identifier])
        if first == PUBREC and reason < 0x80:
            self.send(packet(PUBREL, body[:2]))
        elif first in (PUBACK, PUBREC, PUBCOMP):
            del self._under_way[identifier]
        else:
            raise Failure(f"publisher: packet {first:#x} {body.hex()}")


def number(payload: bytes) -> int:
    return int(payload)


def check_got(subscriber: Subscriber, acknowledged: list) -> None:
    """All that was acknowledged has come, in order, and with QoS 2 once."""
    for qos in (1, 2):
        got = [number(p) for q, p in subscriber.got if q == qos and p.isdigit()]
        wanted = [number(p) for topic, q, p in acknowledged if q == qos]
        missing = sorted(set(wanted) - set(got))
        what = f"{subscriber.client_id}, QoS {qos}"
        expect(missing, [], f"{what}: what was acknowledged and has not come")
        first = list(dict.fromkeys(got))
        expect(first, sorted(first), f"{what}: the order")
        if qos == 2:
            expect(got, first, f"{what}: what came twice")


class Story:
    """Rounds of load on one card; each ends with the power."""

    def __init__(self, machine: str, image: str, card: Card, seed: int):
        self._start = lambda: Board(machine, image, *card.options)
        self._random = random.Random(seed)
        self._live = Subscriber("live", "live/data")
        self._sleeper = Subscriber("sleeper", "sleep/data")
        self._acknowledged = []
        self._retained = {}  # by topic: the last value that was acknowledged, and the last sent
        self._number = 0

    def run(self, rounds: int) -> None:
        for count in range(rounds):
            with self._start() as board:
                self._begin(board, count > 0)
                self._load(board)
            print(f"round {count + 1}: {len(self._acknowledged)} acknowledged", flush=True)
        with self._start() as board:
            self._begin(board, rounds > 0)

    def _begin(self, board: Board, is_known: bool) -> None:
        """All that was promised before is there."""
        line = board.wait_for("Restored: ")
        expect(" 2 sessions, 2 subscriptions," in line, is_known, line)
        board.wait_for("running")
        damage = [line for line in board.lines if "damaged" in line]
        expect(damage, [], "what the console said")
        self._live.connect(board.port, is_known)
        self._sleeper.connect(board.port, is_known)
        if is_known:
            marker = f"end {self._number}".encode()
            client = Client(board.port, "marker")
            for subscriber in (self._live, self._sleeper):
                expect(client.publish(subscriber.topic, marker), 0, "PUBACK of the marker")
                subscriber.take_until(marker)
                acknowledged = [m for m in self._acknowledged if m[0] == subscriber.topic]
                check_got(subscriber, acknowledged)
            self._check_retained(client)
            client.disconnect()
        self._sleeper.leave()

    def _check_retained(self, client: Client) -> None:
        expect(client.subscribe("state/#", 1), 1, "SUBACK")
        wanted = {topic for topic, (safe, _) in self._retained.items() if safe > 0}
        while not wanted <= {topic for topic, _ in client.publishes}:
            client.receive(len(client.publishes) + 1)
        kept = {topic: number(payload) for topic, payload in client.publishes}
        for topic, (safe, sent) in self._retained.items():
            value = kept.get(topic, 0)
            if not safe <= value <= sent:
                raise Failure(f"{topic}: {value}, not {safe} to {sent}")

    def _load(self, board: Board) -> None:
        """Publishes as fast as it can until the power goes."""
        reader = threading.Thread(target=self._live.take_all, daemon=True)
        reader.start()
        is_off = threading.Event()

        def switch_off() -> None:
            is_off.set()
            board.kill()

        power = threading.Timer(self._random.uniform(0.2, 1.5), switch_off)
        publisher = Publisher(board.port)
        power.start()
        asleep = 0
        try:
            while True:
                self._number += 1
                payload = str(self._number).encode()
                what = self._random.randrange(6)
                qos = self._random.randrange(1, 3)
                if what == 0:
                    topic = f"state/{self._random.randrange(TOPICS)}"
                    safe, _ = self._retained.get(topic, (0, 0))
                    self._retained[topic] = (safe, self._number)
                    publisher.send_one(topic, payload, qos, retain=True)
                elif what == 1 and asleep < QUEUED:
                    asleep += 1
                    publisher.send_one(self._sleeper.topic, payload, qos)
                else:
                    publisher.send_one(self._live.topic, payload, qos)
        except Failure as failure:
            if "closed the connection" not in str(failure) or not is_off.is_set():
                raise
        finally:
            power.join()
            reader.join()
            publisher.close()
        for topic, qos, payload in publisher.acknowledged:
            if topic in self._retained:
                safe, sent = self._retained[topic]
                self._retained[topic] = (max(safe, number(payload)), sent)
            else:
                self._acknowledged.append((topic, qos, payload))


def check_restart(machine: str, image: str) -> None:
    """A board that nothing happens on is switched off and on again."""
    messages = [(1 + i % 2, str(i).encode()) for i in range(10)]
    large = bytes(i % 251 for i in range(1500))
    sleeper = Subscriber("service", "jobs")
    with Card() as card:
        with Board(machine, image, *card.options) as board:
            board.wait_for("running")
            sleeper.connect(board.port, False)
            sleeper.leave()
            client = Client(board.port, "client")
            for i in range(4):
                expect(client.publish(f"state/{i}", str(i).encode(), retain=True), 0x10, "PUBACK")
            expect(client.publish("state/0", b"", retain=True), 0x10, "PUBACK")
            expect(client.publish("state/large", large, retain=True), 0x10, "PUBACK")
            for qos, payload in messages:
                expect(client.publish("jobs", payload, qos=qos), 0, "PUBACK")
        for _ in range(2):
            with Board(machine, image, *card.options) as board:
                board.wait_for(
                    "Restored: 1 sessions, 1 subscriptions, 10 queued messages, 4 retained"
                )
                board.wait_for("running")
        with Board(machine, image, *card.options) as board:
            board.wait_for("running")
            reader = Client(board.port, "reader")
            expect(reader.subscribe("state/+", 1), 1, "SUBACK")
            reader.receive(4)
            kept = [(f"state/{i}", str(i).encode()) for i in range(1, 4)]
            kept.append(("state/large", large))
            expect(sorted(reader.publishes), kept, "what is retained")
            sleeper.connect(board.port, True)
            while len(sleeper.got) < len(messages):
                if not sleeper.take():
                    raise Failure(f"the service got {sleeper.got}")
            expect(sleeper.got, messages, "what the service got")


def fill(port: int, sleepers: int, payload: bytes) -> None:
    """Sessions with subscriptions, messages that wait and retained ones, until there is no room."""
    for i in range(sleepers):
        sleeper = Client(port, f"service-{i:02}-of-the-night", clean=False, expiry=3600)
        for topic in ("all", f"v1/orders/{i}"):
            sleeper.subscribe(topic, 2)
        sleeper.disconnect()
    publisher = Client(port, "publisher")
    try:
        for n in range(32):
            publisher.publish(f"state/{n}", b"value", retain=True)
        for n in range(20 * sleepers):
            topic = f"v1/orders/{n % sleepers}"
            if publisher.publish(topic, payload, qos=1 + n % 2) >= 0x80:
                break
        for n in range(16):
            late = Client(port, f"late-{n}", clean=False, expiry=3600)
            if late.reason != 0:
                break
            late.subscribe("all", 1)
    except Failure:
        pass  # closed, as there is no memory


def check_full(machine: str, image: str) -> None:
    """What clients can make a board keep never keeps it from starting."""
    for sleepers, payload in ((15, b""), (6, bytes(300))):
        with Card() as card:
            with Board(machine, image, *card.options) as board:
                board.wait_for("running")
                fill(board.port, sleepers, payload)
                board.kill()
            for _ in range(2):
                with Board(machine, image, *card.options) as board:
                    line = board.wait_for("Restored: ")
                    board.wait_for("running")
                    print(line)
                    check_stack(board)


def check_cards(machine: str, image: str) -> None:
    with Board(machine, image) as board:
        board.wait_for("No storage: sessions and retained messages end with the power.")
        board.wait_for("running")
        expect(Client(board.port, "client").publish("a", b"b"), 0x10, "PUBACK")
    with Card() as card:
        first = bytes(510) + b"\x55\xaa"
        with card.path.open("r+b") as file:
            file.write(first)
        with Board(machine, image, *card.options) as board:
            board.wait_for("left alone")
            board.wait_for("No storage")
            board.wait_for("running")
            client = Client(board.port, "client")
            expect(client.publish("a", b"b", retain=True), 0x10, "PUBACK")
        content = card.path.read_bytes()
        expect(content == first.ljust(len(content), b"\0"), True, "the card is as it was")


def check_choice(machine: str, image: str) -> None:
    """What the configuration says of it."""

    def options(folder: Path, line: str) -> tuple[str, list[str]]:
        text = f"listener 1883\nallow_anonymous true\n{line}\n".encode()
        (folder / "midge.conf").write_bytes(text)
        chosen = folder / "midge.elf"
        content = on_board.Image(Path(image).read_bytes())
        chosen.write_bytes(on_board.with_configuration(content, len(text)))
        address = f"addr={on_board.TEXT_AT:#x},force-raw=on"
        return str(chosen), ["-device", f"loader,file={folder}/midge.conf,{address}"]

    with tempfile.TemporaryDirectory() as name:
        chosen, loader = options(Path(name), "persistence true")
        with Board(machine, chosen, *loader) as board:
            board.wait_for("Error: The 'persistence' option is not supported: there is no storage")
            expect(board.exit_code(), 3, "the exit code")
        with Card() as card:
            with Board(machine, chosen, *loader, *card.options) as board:
                board.wait_for("Restored: 0 sessions")
                board.wait_for("running")
            chosen, loader = options(Path(name), "persistence false")
            with Board(machine, chosen, *loader, *card.options) as board:
                board.wait_for("No persistence: sessions and retained messages end with the power.")
                board.wait_for("running")


def persistence(machine: str, image: str, rounds: str = str(ROUNDS), seed: str = "") -> None:
    check_cards(machine, image)
    check_choice(machine, image)
    check_restart(machine, image)
    check_full(machine, image)
    chosen = int(seed) if seed else random.randrange(1 << 32)
    print(f"seed {chosen}", flush=True)
    with Card() as card:
        Story(machine, image, card, chosen).run(int(rounds))


if __name__ == "__main__":
    sys.exit(main(persistence))
