"""The three standard streams, which whoever starts us may have closed (`matou runs DIR >&-`, a job of a scheduler)."""

import os
import sys
from typing import Literal, TextIO


def open_closed_streams() -> None:
    """Let nothing else stand where a standard stream would: it would get what is printed, here and by children.

    Git does the same as it starts. What is printed goes nowhere then, and nobody can be asked.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    sys.stdin = sys.stdin or _opened(0, "r")
    sys.stdout = sys.stdout or _opened(1, "w")
    sys.stderr = sys.stderr or _opened(2, "w")


def _opened(descriptor: int, mode: Literal["r", "w"]) -> TextIO:
    return open(descriptor, mode, encoding="utf-8", errors="backslashreplace", closefd=False)
