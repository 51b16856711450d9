"""A process that says what it was told, or does not."""

import os
import signal

from matou.git.process.kept_worker import answer_requests


def answer(request: bytes) -> bytes:
    if request == b"wait":
        signal.pause()
    if request == b"leave":
        os._exit(3)
    return b"%d %b" % (os.getpid(), request)


if __name__ == "__main__":
    answer_requests(answer)
