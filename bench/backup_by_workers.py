"""A backup of unchanged repositories by four workers beside one process: the processor time of all of them together."""

import json
import os
import resource
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from measuring import matou, run
from rows import Row
from sample import OWNER, Sample, make_sample

REPOSITORIES = 1_000
REPOSITORY_BYTES = 2_000
WORKERS = 4
BAR = 1.5
TICKS = os.sysconf("SC_CLK_TCK")
VARIABLE = "BENCH_GIT_TOKEN"


def bench_backup_by_workers(folder: Path, scale: float, rounds: int) -> Iterator[Row]:
    """A worker's start is not counted: it is started once, and stays."""
    count = round(REPOSITORIES * scale)
    with make_sample(folder / "sample", [REPOSITORY_BYTES] * count) as sample:
        environment = {**os.environ, VARIABLE: f"{OWNER}:{sample.token}"}
        archive, config = folder / "archive", _configured(folder, sample)
        backup = matou("backup", "--config", config, "--quiet")
        run(backup, environment)
        ratios, alone, together = [], [], []
        with _workers(archive, config, environment) as workers:
            for _ in range(rounds):
                alone.append(_spent(backup, environment, ()))
                together.append(_spent([*backup, "--by-workers"], environment, workers))
                ratios.append(together[-1] / alone[-1])
    detail = f"{statistics.median(alone):.2f} s of one process, {statistics.median(together):.2f} s of {WORKERS + 1}"
    yield Row(f"{count:,} unchanged by {WORKERS} workers: processor time", statistics.median(ratios), BAR, "×", detail)


def _configured(folder: Path, sample: Sample) -> Path:
    urls = [line.split()[0] for line in sample.list_of_urls.read_text(encoding="utf-8").splitlines()]
    config = folder / "matou.toml"
    lines = (
        "[[source]]",
        'name = "bench"',
        'platform = "git"',
        f"url = {json.dumps(urls)}",
        f'to = "{folder / "archive"}"',
        f'token_variable = "{VARIABLE}"',
    )
    config.write_text("\n".join(lines), encoding="utf-8")
    return config


@contextmanager
def _workers(archive: Path, config: Path, environment: dict[str, str]) -> Iterator[tuple[int, ...]]:
    words = matou("worker", "--root", archive, "--config", config, "--jobs", "1")
    with ExitStack() as ending:
        started = [subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(WORKERS)]
        for one in started:
            ending.callback(one.communicate)
            ending.callback(one.terminate)
        for one in started:
            assert one.stderr is not None
            one.stderr.readline()
        yield tuple(one.pid for one in started)


def _spent(command: Sequence[str | Path], environment: dict[str, str], workers: tuple[int, ...]) -> float:
    before, at_workers = _of_children(), sum(map(_of_process, workers))
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return _of_children() - before + sum(map(_of_process, workers)) - at_workers


def _of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _of_process(pid: int) -> float:
    """With the children of git that it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS
