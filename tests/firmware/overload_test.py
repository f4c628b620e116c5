#!/usr/bin/env python3
"""Too much of everything on a board: who sends it gets the specification's refusal or is closed,
two clients that behave go on, nothing faults, and afterwards every pool holds what it held before.

usage: overload_test.py MACHINE IMAGE CLIENTS [ROUNDS [MESSAGES]]

Each of the rounds, 1 unless told otherwise, sends so many messages through the board.
"""

import sys
import time

from board import Board, main
from bombs import BOMBS
from frames import Frames
from pools import Pools, difference
from smoke_test import check_stack
from stage import Stage, expect, settles

MESSAGES = 100_000


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
