#!/usr/bin/env python3
"""Boots the broker on a board in QEMU and exchanges messages through it with Mosquitto's clients, all
versions, all QoS.

usage: smoke_test.py MACHINE IMAGE
"""

import re
import subprocess
import sys
import time

from board import PATIENCE, Board, Failure, main

VERSIONS = ["mqttv31", "mqttv311", "mqttv5"]
QOS = ["0", "1", "2"]


def client(program: str, board: Board, version: str, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [program, "-h", "127.0.0.1", "-p", str(board.port), "-V", version, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def output_of(process: subprocess.Popen, what: str) -> str:
    try:
        output, _ = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
        raise Failure(f"{what} does not end; it said {output!r}") from None
    if process.returncode != 0:
        raise Failure(f"{what} ended with {process.returncode} and said {output!r}")
    return output


def publish(board: Board, version: str, *arguments: str) -> None:
    what = f"mosquitto_pub {version} {' '.join(arguments)}"
    output_of(client("mosquitto_pub", board, version, *arguments), what)


def expect(got: str, wanted: str, what: str) -> None:
    if got != wanted:
        raise Failure(f"{what}: got {got!r} instead of {wanted!r}")


def check_delivery(board: Board, version: str, qos: str) -> None:
    """A subscriber gets what was retained before it came, and what is published while it is there."""
    topic = f"test/{version}/{qos}"
    what = f"{version} QoS {qos}"
    subscribe = ["-q", qos, "-t", topic, "-C", "1", "-F", "%q %r %p"]

    publish(board, version, "-q", qos, "-r", "-t", topic, "-m", "kept")
    subscriber = client("mosquitto_sub", board, version, *subscribe)
    expect(output_of(subscriber, what), f"{qos} 1 kept\n", f"{what}, retained")
    publish(board, version, "-q", qos, "-r", "-t", topic, "-n")

    # Nothing tells when it has subscribed, so the message is sent until it has ended.
    subscriber = client("mosquitto_sub", board, version, *subscribe)
    give_up = time.monotonic() + PATIENCE
    while subscriber.poll() is None and time.monotonic() < give_up:
        publish(board, version, "-q", qos, "-t", topic, "-m", "live")
    expect(output_of(subscriber, what), f"{qos} 0 live\n", f"{what}, live")


def check_payload(board: Board, size: int) -> None:
    """A payload of several segments, every byte of it."""
    payload = "".join(chr(ord("a") + i % 23) for i in range(size))
    what = f"a payload of {size} bytes"
    publish(board, "mqttv5", "-q", "1", "-r", "-t", "large", "-m", payload)
    subscriber = client("mosquitto_sub", board, "mqttv5", "-q", "1", "-t", "large", "-C", "1")
    expect(output_of(subscriber, what), payload + "\n", what)
    publish(board, "mqttv5", "-r", "-t", "large", "-n")


def check_stack(board: Board) -> None:
    """Once a second the board says whether more of its stack was used; a fifth must stay free."""
    time.sleep(3)
    board.take_all()
    used = total = 0
    for line in board.lines:
        match = re.search(r"Stack: (\d+) of (\d+) bytes", line)
        if match:
            used, total = int(match[1]), int(match[2])
    if total == 0:
        raise Failure("the console said nothing of the stack")
    if used > total * 4 // 5:
        raise Failure(f"{used} of {total} bytes of the stack were in use")
    print(f"stack: at most {used} of {total} bytes")


def smoke(machine: str, image: str) -> None:
    with Board(machine, image) as board:
        board.wait_for("Opening ipv4 listen socket on port 1883.")
        board.wait_for("running")
        for version in VERSIONS:
            for qos in QOS:
                check_delivery(board, version, qos)
        check_payload(board, 1500)
        if not board.is_running():
            raise Failure("the board has stopped")
        check_stack(board)


if __name__ == "__main__":
    sys.exit(main(smoke))
