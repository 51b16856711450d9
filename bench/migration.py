"""How long a migration takes beside a loop of `git push --mirror`, from one archive to one server in one run."""

import secrets
import statistics
from collections.abc import Iterator
from pathlib import Path

from measuring import Measured, matou, run, wrapped_git
from rows import Row
from sample import Sample, make_namespace, make_sample

KIBIBYTE = 1024

LOOP = """
while read -r url path; do
  name=${path##*/}
  curl --silent --show-error --fail --output /dev/null --config "$4" --data "name=$name" "$3/api/v5/orgs/$2/repos"
  git --git-dir="$1/repositories/$path.git" push --quiet --mirror "$3/$2/$name.git"
done <"$5"
"""
"""What one does by hand: made by the API, then pushed, one after the other."""


def bench_migration(folder: Path, scale: float, rounds: int) -> Iterator[Row]:
    """200 repositories of 20 KB, and 1,000 of which nothing is new."""
    with make_sample(folder / "first", [20 * KIBIBYTE] * round(200 * scale)) as sample:
        yield from _first_migration(sample, _backed_up(sample), rounds)
    with make_sample(folder / "again", [2 * KIBIBYTE] * round(1000 * scale)) as sample:
        yield from _nothing_new(sample, _backed_up(sample), rounds)


def _backed_up(sample: Sample) -> Path:
    archive = sample.folder / "archive"
    run(
        matou("backup", "coding", "--url", f"{sample.url}/open-api", "--to", archive, "--code-only", "--json"),
        sample.environment,
    )
    return archive


def _first_migration(sample: Sample, archive: Path, rounds: int) -> Iterator[Row]:
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(rounds):
        ours.append(_migrate(sample, archive, _new_namespace(sample)).seconds)
        theirs.append(_push_each(sample, archive, _new_namespace(sample)).seconds)
    ratio = statistics.median(mine / their for mine, their in zip(ours, theirs, strict=True))
    detail = f"{statistics.median(ours):.2f} s to {statistics.median(theirs):.2f} s"
    yield Row(f"migration, {sample.label}: to a loop of curl and git push --mirror", ratio, 0.5, "×", detail)


def _nothing_new(sample: Sample, archive: Path, rounds: int) -> Iterator[Row]:
    namespace = _new_namespace(sample)
    _migrate(sample, archive, namespace)
    times = [_migrate(sample, archive, namespace).seconds for _ in range(rounds)]
    yield Row(f"migration, nothing new, {sample.label}", statistics.median(times), 2.0, "s", "median")
    with wrapped_git(sample.folder) as (environment, started):
        _migrate(sample, archive, namespace, environment)
        yield Row(f"migration, nothing new, {sample.label}: git processes", started(), 0, "", "counted")


def _new_namespace(sample: Sample) -> str:
    name = f"target-{secrets.token_hex(4)}"
    make_namespace(sample, name)
    return name


def _migrate(sample: Sample, archive: Path, namespace: str, environment: dict[str, str] | None = None) -> Measured:
    to = ("--to", "gitcode", "--url", sample.url, "--namespace", namespace)
    return run(matou("migrate", archive, *to, "--json"), sample.environment | (environment or {}))


def _push_each(sample: Sample, archive: Path, namespace: str) -> Measured:
    """The token goes to curl in a file, as it would be kept."""
    settings = sample.folder / "curl"
    settings.write_text(f'header = "PRIVATE-TOKEN: {sample.token}"\n', encoding="utf-8")
    words = ("sh", archive, namespace, sample.url, settings, sample.list_of_urls)
    return run(["sh", "-ec", LOOP, *words], sample.environment)
