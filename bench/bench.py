"""`make bench`: how long the main job takes beside plain git, and how fast the API answers, in one run.

    bench.py [--scale 1.0] [--rounds 3] [start] [small] [mixed] [migration] [api] [lists] [gitee] [pushes] [serving]
             [conversation] [long-issue] [github-backup] [pages] [matou-source] [gitea-backup] [gitea-pull]
             [workers]
             [--gitea FOLDER]

A ratio compares two wall times of the same run, taken in turn; a single time says little on a shared machine.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from api import bench_api
from backup_by_workers import bench_backup_by_workers
from conversation import bench_conversation, bench_long_issue
from gitea_backup import bench_gitea_backup
from gitea_pull import bench_gitea_pull
from gitee import bench_gitee
from github_backup import bench_github_backup
from lists import bench_lists
from matou_source import bench_matou_source
from measuring import Measured, matou, run, wrapped_git
from migration import bench_migration
from pages import bench_pages
from pages_beside import GITEA
from peers import clone_in_parallel, fetch_in_parallel, the_script
from pushes import bench_pushes
from rows import Row
from sample import Sample, make_sample
from serving import bench_serving
from workers import bench_workers

KIBIBYTE, MEBIBYTE = 1024, 1024 * 1024
MEMORY_BAR_BYTES = 200 * MEBIBYTE


def main() -> None:
    arguments = _arguments()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="matou-bench-") as folder:
        for name in arguments.what or PARTS:
            rows += PARTS[name](Path(folder) / name, arguments.scale, arguments.rounds)
    _print(rows)
    sys.exit(any(not row.met for row in rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", choices=[*PARTS, []], help="all by default")
    parser.add_argument("--scale", type=float, default=1.0, help="part of the repositories to use")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--gitea", default=os.environ.get(GITEA, ""), help="with a program `gitea`, beside which pages are read"
    )
    arguments = parser.parse_args()
    os.environ[GITEA] = arguments.gitea
    return arguments


def bench_start(_folder: Path, _scale: float, rounds: int) -> Iterator[Row]:
    times = [run(matou("--help"), {}).seconds for _ in range(3 * rounds)]
    yield Row("matou --help", statistics.median(times), 0.25, "s", f"{len(times)} starts, median")


def bench_small(folder: Path, scale: float, rounds: int) -> Iterator[Row]:
    """1,000 repositories of 20 KB: first backup, and a backup that finds nothing."""
    sizes = [20 * KIBIBYTE] * round(1000 * scale)
    with make_sample(folder, sizes) as sample:
        yield from _first_backup(sample, rounds, ("xargs -P2 git clone --mirror", clone_in_parallel, 0.4))
        yield from _nothing_changed(sample, rounds)


def bench_mixed(folder: Path, scale: float, rounds: int) -> Iterator[Row]:
    """200 repositories, 20 KB to 50 MB, 1 GB in all."""
    sizes = _mixed_sizes(round(200 * scale), round(1024 * MEBIBYTE * scale))
    with make_sample(folder, sizes) as sample:
        peers = (("the script's loop", the_script, 0.35), ("xargs -P2 git clone --mirror", clone_in_parallel, 1.0))
        yield from _first_backup(sample, rounds, *peers)


def _mixed_sizes(count: int, total: int) -> list[int]:
    """Log-uniform between 20 KB and 50 MB, scaled so that they come to the total; the same in every run."""
    chosen = random.Random(1)
    sizes = [20 * KIBIBYTE * 2 ** chosen.uniform(0, 11.3) for _ in range(count)]
    factor = total / sum(sizes)
    return [max(20 * KIBIBYTE, min(50 * MEBIBYTE, round(size * factor))) for size in sizes]


Peer = tuple[str, Callable[[Sample, Path], Measured], float]


def _first_backup(sample: Sample, rounds: int, *peers: Peer) -> Iterator[Row]:
    ours: list[Measured] = []
    theirs: dict[str, list[float]] = {name: [] for name, _, _ in peers}
    for number in range(rounds):
        ours.append(_back_up(sample, sample.folder / f"archive-{number}"))
        for name, measure, _ in peers:
            theirs[name].append(measure(sample, sample.folder / f"peer-{number}").seconds)
    seconds = [measured.seconds for measured in ours]
    for name, _, bar in peers:
        yield _ratio(f"first backup, {sample.label}: to {name}", seconds, theirs[name], bar)
    memory = max(measured.peak_bytes for measured in ours)
    yield Row(f"first backup, {sample.label}: memory", memory / MEBIBYTE, MEMORY_BAR_BYTES / MEBIBYTE, "MiB", "matou")


def _nothing_changed(sample: Sample, rounds: int) -> Iterator[Row]:
    archive, mirrors = sample.folder / "archive-0", sample.folder / "peer-0"
    ours: list[Measured] = []
    theirs: list[float] = []
    for _ in range(rounds):
        ours.append(_back_up(sample, archive))
        theirs.append(fetch_in_parallel(sample, mirrors).seconds)
    seconds = [measured.seconds for measured in ours]
    yield Row(f"nothing changed, {sample.label}", statistics.median(seconds), 2.0, "s", "median")
    yield _ratio(f"nothing changed, {sample.label}: to xargs -P8 git fetch", seconds, theirs, 1 / 20)
    with wrapped_git(sample.folder) as (environment, started):
        _back_up(sample, archive, environment)
        yield Row(f"nothing changed, {sample.label}: git processes", started(), 0, "", "counted")


def _back_up(sample: Sample, archive: Path, environment: dict[str, str] | None = None) -> Measured:
    command = matou("backup", "coding", "--url", f"{sample.url}/open-api", "--to", archive, "--code-only", "--json")
    return run(command, sample.environment | (environment or {}))


def _ratio(what: str, ours: list[float], theirs: list[float], bar: float) -> Row:
    ratio = statistics.median(mine / their for mine, their in zip(ours, theirs, strict=True))
    return Row(what, ratio, bar, "×", f"{statistics.median(ours):.2f} s to {statistics.median(theirs):.2f} s")


PARTS: dict[str, Callable[[Path, float, int], Iterator[Row]]] = {
    "start": bench_start,
    "small": bench_small,
    "mixed": bench_mixed,
    "migration": bench_migration,
    "api": bench_api,
    "lists": bench_lists,
    "gitee": bench_gitee,
    "pushes": bench_pushes,
    "serving": bench_serving,
    "conversation": bench_conversation,
    "long-issue": bench_long_issue,
    "github-backup": bench_github_backup,
    "pages": bench_pages,
    "matou-source": bench_matou_source,
    "gitea-backup": bench_gitea_backup,
    "gitea-pull": bench_gitea_pull,
    "workers": bench_workers,
    "backup-by-workers": bench_backup_by_workers,
}


def _print(rows: list[Row]) -> None:
    table = Table("what", "figure", "bar", "", "detail", title="matou bench")
    for row in rows:
        figure, bar = f"{_short(row.figure)} {row.unit}", f"{row.sign} {_short(row.bar)}"
        table.add_row(row.what, figure, bar, "✓" if row.met else "✗", row.detail)
    Console(width=160).print(table)


def _short(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 1000 else f"{figure:.3g}"


if __name__ == "__main__":
    main()
