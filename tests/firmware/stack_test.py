#!/usr/bin/env python3
"""A program that uses up its stack is stopped with a word on the console.

usage: stack_test.py MACHINE IMAGE
"""

import sys

from board import Board, Failure, main

FAULT = 126


def stack(machine: str, image: str) -> None:
    with Board(machine, image) as board:
        board.wait_for("notice: measured")
        board.wait_for("Fault: the stack is used up")
        code = board.exit_code()
        if code != FAULT:
            raise Failure(f"the board ended with {code} instead of {FAULT}")
        if any("went on" in line for line in board.lines):
            raise Failure("the program went on")


if __name__ == "__main__":
    sys.exit(main(stack))
