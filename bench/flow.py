"""How far one repository's work is spread: the files that it runs through, and how often it goes from one to another.

    flow.py [--files] [--lfs] [--code-only] [--python PYTHON]

A server with one repository (5 commits on one branch; with --lfs an LFS pointer) is made by commands alone; then
`matou backup coding` and `matou migrate --to gitcode` run in a child with a profile function.

What is counted, of our own files alone (`src/matou`, as they are installed):

* from the moment in which the work on the repository begins (`RepositorySaver.process_repository`,
  `RepositoryMover.move`) until it ends, in its thread and in those that are started there;
* files: those of which at least one function ran;
* switches: calls, and resumptions of generators, whose nearest caller among our files stands in another file;
* `both ways`: the same with the ways back, so that a call into another file and its return are two.

What a module does while it is imported is not counted: it happens once a process. The whole command is counted by the
same rules, and is told beside it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TRACER = r'''
import atexit, json, os, sys, threading
PACKAGE, OUT, NAMES = os.environ["FLOW_PACKAGE"], os.environ["FLOW_OUT"], set(os.environ["FLOW_NAMES"].split())
lock = threading.Lock()
totals = {which: {"files": {}, "switches": 0, "both_ways": 0, "pairs": {}} for which in ("work", "command")}
state = threading.local()
start = threading.Thread.start

def started(thread):
    thread.flow_works = getattr(state, "depth", 0) > 0 or getattr(state, "is_child", False)
    start(thread)

threading.Thread.start = started

def ours(frame):
    """The nearest frame that is ours, that one included; what only runs while a module is imported is none."""
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(PACKAGE) and code.co_name != "<module>":
            return frame
        if code.co_name == "<module>" and code.co_filename.startswith(PACKAGE):
            return None
        frame = frame.f_back
    return None

def importing(frame):
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_code.co_filename.startswith(PACKAGE):
            return True
        frame = frame.f_back
    return False

def note(which, frame, entering):
    file, caller = frame.f_code.co_filename[len(PACKAGE):], ours(frame.f_back)
    before = caller.f_code.co_filename[len(PACKAGE):] if caller is not None else None
    with lock:
        total = totals[which]
        if entering:
            total["files"][file] = total["files"].get(file, 0) + 1
        if before is not None and before != file:
            total["both_ways"] += 1
            if entering:
                total["switches"] += 1
                pair = before + " -> " + file
                total["pairs"][pair] = total["pairs"].get(pair, 0) + 1

def profile(frame, event, _argument):
    code = frame.f_code
    if event not in ("call", "return") or not code.co_filename.startswith(PACKAGE) or code.co_name == "<module>":
        return
    if importing(frame):
        return
    if not hasattr(state, "depth"):
        state.depth, state.is_child = 0, getattr(threading.current_thread(), "flow_works", False)
    begins = code.co_qualname in NAMES
    if event == "call" and begins:
        state.depth += 1
    note("command", frame, event == "call")
    if state.depth or state.is_child:
        note("work", frame, event == "call")
    if event == "return" and begins:
        state.depth -= 1

@atexit.register
def write():
    sys.setprofile(None)
    with open(OUT, "w") as out:
        json.dump(totals, out)

sys.argv = ["matou", *sys.argv[1:]]
from matou.cli.main import main
threading.setprofile(profile)
sys.setprofile(profile)
sys.exit(main())
'''

BEGINNINGS = {
    "backup": "RepositorySaver.process_repository RepositorySaver.settle",
    "migrate": "RepositoryMover.move Mover.move",
}
"""Under the names that they have, and had in 0.1."""


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="matou-flow-") as name:
        folder = Path(name)
        with _server(folder, arguments.python, lfs=arguments.lfs) as (url, token):
            environment = {"MATOU_CODING_TOKEN": token, "MATOU_GITCODE_TOKEN": token}
            archive = folder / "archive"
            backup = ["backup", "coding", "--url", f"{url}/open-api", "--to", str(archive), "--jobs", "1"]
            if arguments.code_only:
                backup.append("--code-only")
            to = ["--to", "gitcode", "--url", url, "--namespace", "away"]
            for what, words in (("backup", backup), ("migrate", ["migrate", str(archive), *to])):
                if what == "migrate":
                    _matou(arguments.python, "org", "create", "away", "--owner", "li", "--root", folder / "server")
                _print(what, _traced(folder, arguments.python, what, words, environment), with_files=arguments.files)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="whose installed matou is traced")
    parser.add_argument("--lfs", action="store_true", help="the repository has an LFS object")
    parser.add_argument("--code-only", action="store_true", help="save nothing of what was said around the code")
    parser.add_argument("--files", action="store_true", help="name the files and the ways between them")
    return parser.parse_args()


def _print(what: str, totals: dict[str, dict[str, object]], *, with_files: bool) -> None:
    for which, total in totals.items():
        files, pairs = total["files"], total["pairs"]
        assert isinstance(files, dict)
        assert isinstance(pairs, dict)
        subject = "one repository" if which == "work" else "the whole command"
        print(
            f"{what}, {subject}: {len(files)} files, {total['switches']} switches, {total['both_ways']} both ways",
            flush=True,
        )
        if with_files and which == "work":
            for file, count in sorted(files.items()):
                print(f"  {count:6,}  {file}")
            for pair, count in sorted(pairs.items(), key=lambda item: -item[1]):
                print(f"  {count:6,}  {pair}")


def _traced(
    folder: Path, python: str, what: str, words: list[str], environment: dict[str, str]
) -> dict[str, dict[str, object]]:
    program = "import importlib.util as u; print(u.find_spec('matou').submodule_search_locations[0])"
    package = subprocess.run(
        [python, "-c", program], check=True, capture_output=True, text=True, cwd="/"
    ).stdout.strip()
    out = folder / f"{what}.json"
    script = folder / "tracer.py"
    script.write_text(TRACER, encoding="utf-8")
    flow = {"FLOW_PACKAGE": f"{package}/", "FLOW_OUT": str(out), "FLOW_NAMES": BEGINNINGS[what]}
    subprocess.run(
        [python, script, *words], check=True, env=os.environ | environment | flow, stdout=subprocess.DEVNULL, cwd="/"
    )
    totals: dict[str, dict[str, object]] = json.loads(out.read_text(encoding="utf-8"))
    return totals


@contextmanager
def _server(folder: Path, python: str, *, lfs: bool) -> Iterator[tuple[str, str]]:
    root, history = folder / "server", _history(folder / "history", lfs=lfs)
    _matou(python, "user", "add", "li", "--admin", "--password-stdin", "--root", root, stdin="correct horse battery\n")
    token = _matou(python, "token", "create", "--user", "li", "--name", "flow", "--root", root)
    for words in (("team",), ("project", "--parent", "team")):
        _matou(python, "org", "create", words[0], "--owner", "li", *words[1:], "--root", root)
    _matou(python, "repo", "import", history, "team/project/one", "--private", "--root", root)
    command: list[str | Path] = [
        Path(python).with_name("matou"),
        "serve",
        "--root",
        root,
        "--port",
        "0",
        "--workers",
        "1",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip(), token
        finally:
            server.terminate()


def _matou(python: str, *words: str | Path, stdin: str = "") -> str:
    command: list[str | Path] = [Path(python).with_name("matou"), *words]
    return subprocess.run(command, check=True, input=stdin, capture_output=True, text=True).stdout.strip()


def _history(folder: Path, *, lfs: bool) -> Path:
    """Five commits on one branch; with an LFS pointer, what it points at is nowhere, as it often is."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], check=True)
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 3\n" if lfs else "x"
    stream = "".join(
        f"commit refs/heads/main\ncommitter A <a@example.com> {1_700_000_000 + number} +0800\ndata 1\nc\n"
        f"M 100644 inline f{number}\ndata {len(pointer)}\n{pointer}\n"
        for number in range(5)
    )
    subprocess.run(["git", "-C", folder, "fast-import", "--quiet"], input=stream.encode(), check=True)
    return folder


if __name__ == "__main__":
    main()
