"""A repository of many small packs, as many pushes or many runs leave it."""

from pathlib import Path

from support.git_repositories import git
from support.scripted_source import commit


def packed(git_dir: Path, count: int, *, first: int = 0, branch: str = "main") -> None:
    """So many packs more, each of one commit with its folder and a file, and of a blob that nothing leads to."""
    for number in range(first, first + count):
        commit(git_dir, f"refs/heads/{branch}", {f"{number}.txt": f"{number}\n"})
        git(git_dir, "hash-object", "-w", "--stdin", input=b"lost %d\n" % number)
        git(git_dir, "pack-objects", "-q", git_dir / "objects/pack/pack", input=loose(git_dir))
        git(git_dir, "prune-packed", "-q")


def loose(git_dir: Path) -> bytes:
    names = (path.parent.name + path.name for path in (git_dir / "objects").glob("[0-9a-f][0-9a-f]/*"))
    return "".join(f"{name}\n" for name in names).encode()
