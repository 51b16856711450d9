"""What the operating system says, and what only looks as if it said it."""

import errno
import os
import socket
import ssl

from matou.fs import reason_of


def test_a_number_of_the_system_is_said_in_words_that_have_a_translation() -> None:
    assert reason_of(PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/a")) == "permission denied"
    assert reason_of(OSError(errno.EIO, os.strerror(errno.EIO))) == "input/output error"


def test_a_number_of_the_system_without_words_of_ours_is_said_in_the_system_s() -> None:
    assert reason_of(OSError(errno.ENXIO, os.strerror(errno.ENXIO))) == os.strerror(errno.ENXIO)


def test_a_library_s_own_numbers_are_not_taken_for_the_system_s() -> None:
    assert reason_of(ssl.SSLError(1, "certificate verify failed")) == "certificate verify failed"
    assert reason_of(socket.gaierror(-2, "Name or service not known")) == "Name or service not known"
    assert reason_of(TimeoutError("timed out")) == "timed out"
