"""1,000 repositories at another Matou, of which nothing has changed: known by one digest each, and by asking each.

Both are whole runs of the program, start-up included, against one server on this machine. Each is asked where the
listing tells no digest, as no other platform's does.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from matou.archive.layout import Archive
from matou.archive.manifest import EndLine, read_manifest
from matou.credentials import Secret
from matou.git.refs.listing import write_refs
from matou.model.names import RefName
from matou.model.refs import RefListing
from measuring import Command, matou, run
from rows import Row
from support.commits import commit_in
from support.matou_server import MatouServer, running_server

NAMESPACES = 20
BRANCHES = 6
AT = 1_700_000_000

_WITHOUT_DIGESTS = """
import sys
from dataclasses import replace
from matou.cli.main import main
from matou.platforms.matou.source import MatouSource
told = MatouSource._peer
MatouSource._peer = lambda self, path, *digests, **more: replace(told(self, path, *digests, **more), refs=None)
main()
"""


def bench_matou_source(folder: Path, scale: float, rounds: int) -> Iterator[Row]:
    """Nothing changed, by the listing alone and by `ls-refs` of each."""
    count = round(1000 * scale)
    folder.mkdir(parents=True)
    with running_server(folder / "first") as server:
        token, to = _fill(server, count), folder / "second"
        words = ("backup", "matou", "--url", server.url, "--to", to, "--quiet")
        first, _ = _seconds(matou(*words), token, to, 1)
        told, requests = _seconds(matou(*words), token, to, rounds)
        each, requests_of_each = _seconds([sys.executable, "-c", _WITHOUT_DIGESTS, *words], token, to, rounds)
    what = f"another Matou, {count} repositories"
    yield Row(f"{what}: nothing changed", told, 0.8, "s", f"{requests} requests; the first backup took {first:.1f} s")
    yield Row(f"{what}: to asking each", told / each, 0.5, "×", f"{each:.2f} s, {requests_of_each} requests")


def _fill(server: MatouServer, count: int) -> Secret:
    """Repositories of a few refs each; the owner's token."""
    for number in range(count):
        git_dir = server.git_dir(server.repository(f"team-{number % NAMESPACES}/repository-{number}"))
        tip = commit_in(git_dir, {"a": b"%d" % number}, "first", at=AT)
        head = RefName("refs/heads/main")
        names = [head, *(RefName(f"refs/heads/b{branch}") for branch in range(BRANCHES))]
        write_refs(git_dir, RefListing(dict.fromkeys(names, tip), head=head), {})
    return server.token()


def _seconds(command: Command, token: Secret, to: Path, rounds: int) -> tuple[float, int]:
    """The median, and how many requests the last run made."""
    environment = {"MATOU_MATOU_TOKEN": token.reveal()}
    seconds: Sequence[float] = [run(command, environment).seconds for _ in range(rounds)]
    archive = Archive.open(to)
    lines = read_manifest(archive.manifest(max(archive.run_numbers())))
    [end] = [line for line in lines if isinstance(line, EndLine)]
    return median(seconds), end.requests
