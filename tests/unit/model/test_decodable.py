"""Types that several threads decode into for the first time at once: msgspec alone ends the process there."""

import subprocess
import sys

CHILD = """
import sys, threading
from dataclasses import make_dataclass
import msgspec
from matou.model.decodable import decodable

sys.setswitchinterval(1e-6)
found = []

def work(kind, barrier):
    barrier.wait()
    found.append(msgspec.convert({"inner": [{"name": "x"}]}, decodable(kind)).inner[0].name)

for number in range(150):
    inner = make_dataclass(f"Inner{number}", [("name", str)])
    outer = [make_dataclass(f"Outer{number}{which}", [("inner", list[inner])]) for which in "ab"]
    barrier = threading.Barrier(8)
    threads = [threading.Thread(target=work, args=(outer[which % 2], barrier)) for which in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
assert found == ["x"] * 1200, len(found)
"""


def test_threads_may_decode_into_a_type_for_the_first_time_at_once() -> None:
    ended = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, timeout=120)

    assert (ended.returncode, ended.stderr) == (0, "")
