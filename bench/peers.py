"""What people do without Matou, on the same server."""

from pathlib import Path

from measuring import Measured, run
from sample import Sample

LOOP = """
while read -r url path; do
  mkdir -p "$1/$path" && cd "$1/$path"
  git clone --quiet --mirror "$url" .git
  git config --bool core.bare false
  git reset --quiet --hard
done <"$2"
"""
"""The loop of the well-known script for CODING: one repository after the other, with its files checked out."""

CLONE = """
xargs -P "$3" -L 1 sh -c 'git clone --quiet --mirror "$1" "$0/$2"' "$1" <"$2"
"""

FETCH = """
cut -d ' ' -f 2 <"$2" | xargs -P 8 -I '{}' git -C "$1/{}" fetch --quiet
"""


def the_script(sample: Sample, to: Path) -> Measured:
    return _shell(LOOP, sample, to.with_name(to.name + "-script"))


def clone_in_parallel(sample: Sample, to: Path) -> Measured:
    return _shell(CLONE, sample, to, "2")


def fetch_in_parallel(sample: Sample, mirrors: Path) -> Measured:
    return _shell(FETCH, sample, mirrors)


def _shell(script: str, sample: Sample, to: Path, *more: str) -> Measured:
    to.mkdir(parents=True, exist_ok=True)
    return run(["sh", "-ec", script, "sh", to, sample.list_of_urls, *more], sample.environment)
