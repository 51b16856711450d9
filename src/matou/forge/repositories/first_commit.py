"""The commit that a repository begins with, before anybody can see it."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from matou.db.users import User
from matou.fs import syncfs
from matou.git.odb.quarantine import ObjectKind, Quarantine
from matou.git.refs.listing import write_refs
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefListing

MESSAGE = "Initial commit"

FirstFiles = Mapping[str, bytes]
"""Contents by name; no folders."""

_NOT_IN_SIGNATURES = str.maketrans("", "", "<>\n\r\0")


def commit_first(git_dir: Path, branch: RefName, files: FirstFiles, *, author: User | None, now: datetime) -> ObjectId:
    """Commit files to a branch of a repository that has nothing yet and that nobody else knows; HEAD names it then."""
    with Quarantine(git_dir) as quarantine:
        entries = {name: quarantine.write_object(ObjectKind.BLOB, content) for name, content in files.items()}
        tree = quarantine.write_object(ObjectKind.TREE, _tree(entries))
        commit = quarantine.write_object(ObjectKind.COMMIT, _commit(tree, author, now))
        quarantine.keep()
    write_refs(git_dir, RefListing({branch: commit}, head=branch), {})
    syncfs(git_dir)
    return commit


def _tree(entries: Mapping[str, ObjectId]) -> bytes:
    ordered = sorted((name.encode(), oid) for name, oid in entries.items())
    return b"".join(b"100644 %b\0%b" % (name, bytes.fromhex(oid)) for name, oid in ordered)


def _commit(tree: ObjectId, author: User | None, now: datetime) -> bytes:
    name, email = ("Matou", "") if author is None else (author.display_name or author.name, author.email)
    signature = f"{_plain(name)} <{_plain(email)}> {int(now.timestamp())} +0000"
    return f"tree {tree}\nauthor {signature}\ncommitter {signature}\n\n{MESSAGE}\n".encode()


def _plain(text: str) -> str:
    return text.translate(_NOT_IN_SIGNATURES).strip()
