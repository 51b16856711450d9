"""Submodules that point at repositories which have moved: found in every branch's `.gitmodules`, and never changed."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pygit2

from matou.errors import MatouError
from matou.git.odb.objects import open_repository
from matou.model.names import ObjectId

LARGEST_FILE_BYTES = 1024 * 1024
_SCP_FORM = re.compile(r"(?:[^@/]+@)?([^:/@]+):(?!//)(.+)\Z")
_RELATIVE = ("./", "../")


@dataclass(frozen=True, slots=True)
class SubmoduleLink:
    """`path` is where the submodule stands, `url` what is written there."""

    path: str
    url: str


def find_submodules(git_dir: Path, tips: Iterable[ObjectId]) -> tuple[SubmoduleLink, ...]:
    """The submodules that the `.gitmodules` of any of these commits names; none where that cannot be read."""
    try:
        repository = open_repository(git_dir)
    except MatouError:
        return ()  # a form that libgit2 does not read
    files = {blob.id: blob for tip in set(tips) if (blob := _gitmodules(repository, tip)) is not None}
    links = {link for blob in files.values() for link in parse_gitmodules(blob.data)}
    return tuple(sorted(links, key=lambda link: (link.path, link.url)))


def _gitmodules(repository: pygit2.Repository, tip: ObjectId) -> pygit2.Blob | None:
    try:
        commit = repository[tip].peel(pygit2.Commit)
        entry = commit.tree[".gitmodules"]
    except (KeyError, ValueError, pygit2.GitError):
        return None
    return entry if isinstance(entry, pygit2.Blob) and entry.size <= LARGEST_FILE_BYTES else None


def parse_gitmodules(data: bytes) -> Iterator[SubmoduleLink]:
    """Read git's form of configuration as far as submodules use it; what cannot be read names none."""
    section: dict[str, str] = {}
    for line in [*data.decode("utf-8", "replace").splitlines(), "[end]"]:
        text = line.strip()
        if text.startswith("["):
            if "url" in section:
                yield SubmoduleLink(section.get("path", ""), section["url"])
            section = {}
        elif "=" in text and text[0] not in "#;":
            key, _, value = text.partition("=")
            section[key.strip().lower()] = value.strip().strip('"')


def address_key(url: str) -> str:
    """What two addresses of one repository have in common, by HTTPS and by SSH: the host and the path."""
    scp = _SCP_FORM.match(url)
    host, path = (scp[1], scp[2]) if scp and "://" not in url else _split(url)
    return f"{host.lower()}/{unquote(path).strip('/').removesuffix('.git')}"


def _split(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", url
    return parts.hostname or "", parts.path


def resolved(url: str, *, of: str) -> str:
    """An address as git understands it: one that begins with `./` or `../` is below that of its repository."""
    return urljoin(f"{of}/", url) if url.startswith(_RELATIVE) else url
