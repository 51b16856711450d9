"""What very many repositories cost that have not changed: memory, and our own time for each."""

from multiprocessing import get_context
from pathlib import Path

import pytest

from support.many_repositories import MEBIBYTE, Cost, measure


def cost_of(root: Path, count: int) -> Cost:
    context = get_context("spawn")
    results = context.Queue()
    process = context.Process(target=measure, args=(root, count, results))
    process.start()
    cost: Cost = results.get(timeout=150)
    process.join()
    return cost


@pytest.mark.parametrize("count", [3_000, pytest.param(20_000, marks=pytest.mark.soak)])
def test_memory_stays_small_whatever_the_number_of_repositories(tmp_path: Path, count: int) -> None:
    cost = cost_of(tmp_path, count)

    assert cost.unchanged == count
    assert cost.peak_bytes < 200 * MEBIBYTE
    # Twice what was measured: 2.2 KiB for a row, its listing and its place.
    assert cost.peak_bytes - cost.before_bytes < 8 * MEBIBYTE + count * 4.5 * 1024
    # Ten times what was measured, since others may be at work on the same machine.
    assert cost.cpu_seconds / count < 0.002
    print(cost)
