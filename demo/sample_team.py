"""A sample team, made through the hosting server's own use cases: what the demonstration backs up."""

import hashlib
import io
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from matou.credentials import Secret
from matou.db.namespaces import Namespace
from matou.db.users import User
from matou.forge.access import (
    Authorized,
    MayCreateIn,
    MayCreateNamespaceIn,
    MayManageAccount,
    MayWriteCode,
    granted_to_operator,
)
from matou.forge.accounts.namespaces import create_organization, create_project, find_namespace
from matou.forge.accounts.tokens import create_token
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.forge.push.lfs import receive
from matou.forge.repositories.creation import create_repository, import_repository
from matou.forge.repositories.repository_lists import find_repository
from matou.model.names import RepositoryPath
from sample_conversation import Tips, say_all

TEAM = "xingchen"

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64">'
    '<rect width="64" height="64" rx="12" fill="{colour}"/>'
    '<text x="32" y="42" font-size="30" text-anchor="middle" fill="white">{sign}</text></svg>'
)


@dataclass(frozen=True)
class Project:
    """One project of the team, by its name in URLs."""

    name: str
    display_name: str
    description: str
    sign: str
    colour: str


PROJECTS = (
    Project("website", "官网与小程序", "公司官网、小程序和它们的素材", "网", "#2563eb"),
    Project("platform", "平台组", "网关、任务调度和公共组件", "台", "#059669"),
    Project("research", "算法研究 / 实验", "模型与实验记录", "研", "#9333ea"),
)


def make_team(forge: Forge, *, checkout: Path, workshop: Path) -> tuple[User, Secret]:
    """Fill a server; gives the administrator and a token of theirs.

    Args:
        checkout: a git work tree whose history becomes one of the repositories.
        workshop: an empty folder for repositories in the making.
    """
    owner = create_user(forge, "lihua", email="lihua@example.com", display_name="李华", admin=True)
    team = create_organization(forge, TEAM, owner=owner, display_name="星辰科技")
    for project in PROJECTS:
        create_project(
            forge,
            granted_to_operator(MayCreateNamespaceIn, team),
            project.name,
            display_name=project.display_name,
            description=project.description,
            icon=ICON.format(sign=project.sign, colour=project.colour).encode(),
            creator=owner,
        )
    _fill(forge, owner, checkout, workshop)
    return owner, create_token(forge, granted_to_operator(MayManageAccount, owner), "backup")


def _fill(forge: Forge, owner: User, checkout: Path, workshop: Path) -> None:
    for path, stream in (
        ("website/shop", small_history("shop", commits=40)),
        ("website/notes", small_history("notes", commits=3)),
        ("platform/gateway", small_history("gateway", commits=120)),
        ("platform/scheduler", long_history()),
    ):
        _import(forge, owner, _made_of(workshop, path, stream), path)
    _import(forge, owner, checkout, "platform/matou")
    empty = RepositoryPath.parse(f"{TEAM}/research/empty")
    create_repository(forge, _place_for(forge, empty), empty.name, creator=owner)
    _make_lfs_repository(forge, owner, workshop)
    shop = workshop / "website/shop"
    tips = Tips(head=_commit_at(shop, "main~2"), base=_commit_at(shop, "main~6"))
    talked_about = find_repository(forge, RepositoryPath.parse(f"{TEAM}/website/shop"))
    say_all(forge, find_namespace(forge, talked_about.path.namespace), talked_about, tips)


def _commit_at(folder: Path, revision: str) -> str:
    command = ["git", "-C", str(folder), "rev-parse", revision]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _import(forge: Forge, owner: User, source: Path, path: str) -> None:
    to = RepositoryPath.parse(f"{TEAM}/{path}")
    import_repository(forge, source, _place_for(forge, to), to.name, creator=owner, local=True)


def _place_for(forge: Forge, path: RepositoryPath) -> Authorized[Namespace, MayCreateIn]:
    return granted_to_operator(MayCreateIn, find_namespace(forge, path.namespace))


def _made_of(workshop: Path, path: str, stream: bytes) -> Path:
    folder = workshop / path
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", folder], check=True)
    subprocess.run(["git", "-C", folder, "fast-import", "--quiet"], input=stream, check=True)
    return folder


def small_history(name: str, *, commits: int) -> bytes:
    """A branch `main` and a tag at its middle, as git fast-import reads it."""
    parts = [_commit("refs/heads/main", n, f"src/{name}.txt", f"{name} {n}\n" * 20) for n in range(1, commits + 1)]
    return b"".join(parts) + b"reset refs/tags/v1.0\nfrom :%d\n\n" % (commits // 2 + 1)


def long_history() -> bytes:
    """2,000 commits, 150 branches and 150 tags."""
    parts = [
        _commit("refs/heads/main", n, f"module{n % 40}/part{n % 7}.py", f"step = {n}\n" * 30) for n in range(1, 2001)
    ]
    for n in range(150):
        parts.append(b"reset refs/heads/feature/%03d\nfrom :%d\n\n" % (n, 13 * n + 1))
        parts.append(b"reset refs/tags/v0.%d\nfrom :%d\n\n" % (n, 13 * n + 7))
    return b"".join(parts)


def _commit(ref: str, mark: int, path: str, text: str) -> bytes:
    """One commit on top of the one before; the first begins the branch."""
    message, content = f"第 {mark} 次提交\n".encode(), text.encode()
    return (
        f"commit {ref}\nmark :{mark}\ncommitter 李华 <lihua@example.com> {1_700_000_000 + 3600 * mark} +0800\n".encode()
        + b"data %d\n%s" % (len(message), message)
        + f"M 100644 inline {path}\n".encode()
        + b"data %d\n%s\n" % (len(content), content)
    )


def _make_lfs_repository(forge: Forge, owner: User, workshop: Path) -> None:
    objects = [hashlib.shake_256(b"%d" % n).digest(300_000) for n in range(3)]
    path = f"{TEAM}/website/assets"
    _import(forge, owner, _made_of(workshop, "website/assets", b"".join(_lfs_commits(objects))), "website/assets")
    granted = granted_to_operator(MayWriteCode, find_repository(forge, RepositoryPath.parse(path)))
    for content in objects:
        receive(forge, granted, hashlib.sha256(content).hexdigest(), len(content), io.BytesIO(content))


def _lfs_commits(objects: list[bytes]) -> Iterator[bytes]:
    yield _commit("refs/heads/main", 1, ".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
    for number, content in enumerate(objects, start=2):
        oid = hashlib.sha256(content).hexdigest()
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n"
        yield _commit("refs/heads/main", number, f"素材{number - 1}.bin", pointer)
