"""Tests reach no other machine: nothing that they start has a network but loopback.

Where the system lets us (Linux, as root) the process of the tests, and with it every child, moves to a network of its
own. Elsewhere Python's own connections of this process are refused, by an audit hook, and children are not watched.
"""

import ctypes
import fcntl
import ipaddress
import socket
import struct
import sys

import pytest

_CLONE_NEWNET = 0x40000000
_SET_FLAGS = 0x8914  # SIOCSIFFLAGS
_UP_AND_RUNNING = 0x1 | 0x40
_HOW = pytest.StashKey[str]()


class NotLoopback(RuntimeError):
    """A test asked for another machine."""


def leave_the_network() -> bool:
    """Whether this thread, and all that it starts from now on, has nothing but a loopback of its own."""
    if sys.platform != "linux" or ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) != 0:
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh14x", b"lo", _UP_AND_RUNNING))
    return True


def refuse_other_machines(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook. Names are refused where they are looked up, and numbers where they are connected to."""
    if event == "socket.connect" and isinstance(arguments[1], tuple) and not _is_loopback(str(arguments[1][0])):
        raise NotLoopback(f"a test connects to {arguments[1]}")
    if event == "socket.getaddrinfo" and arguments[0] not in {None, "", "localhost", socket.gethostname()}:
        host = arguments[0].decode() if isinstance(arguments[0], bytes) else str(arguments[0])
        if not _is_loopback(host) and not host.endswith(".localhost"):
            raise NotLoopback(f"a test looks up {host}")


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def pytest_configure(config: pytest.Config) -> None:
    if leave_the_network():
        config.stash[_HOW] = "loopback only, children too"
    else:
        sys.addaudithook(refuse_other_machines)
        config.stash[_HOW] = "loopback only, of this process; children are not watched"


def pytest_report_header(config: pytest.Config) -> str:
    return f"network: {config.stash[_HOW]}"
