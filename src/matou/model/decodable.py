"""Types that msgspec decodes into, made ready by one thread at a time.

msgspec works out what a struct or dataclass is made of when it first decodes into one, and puts it where all threads
find it before it is whole: two threads that decode at once for the first time end the process (segmentation fault,
version 0.22). Whoever may run beside others asks for the type here.
"""

import threading
from typing import TypeVar

import msgspec

Kind = TypeVar("Kind")

_ready: set[object] = set()
_lock = threading.Lock()


def decodable(kind: type[Kind]) -> type[Kind]:
    """The same type, with all that it is made of worked out."""
    if kind not in _ready:
        with _lock:
            msgspec.json.Decoder(kind)
            _ready.add(kind)
    return kind
