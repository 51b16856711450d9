"""What a platform that repositories are moved to takes, and what it tells of those that it has."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from matou.errors import Phrase
from matou.model.platform import Visibility

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")
_RESERVED_ENDINGS = (".git", ".lock", ".atom", ".wiki", ".", "-")
_LONGEST_PLAIN_NAME = 100
_REPLACEMENT = "-"


@dataclass(frozen=True, slots=True)
class TargetRepository:
    """A repository at a target. `id` is how the platform calls it; `clone_url` holds no credential."""

    id: str
    namespace: str
    name: str
    clone_url: str
    visibility: Visibility


@dataclass(frozen=True, slots=True)
class NewTargetRepository:
    """What a repository is to be; it begins empty."""

    namespace: str
    name: str
    description: str
    visibility: Visibility


@dataclass(frozen=True, slots=True)
class Capacity:
    """The most that a platform was ever seen, or says itself, to take. What is larger is sent all the same.

    Platforms publish little of this, change it, and sell more of it, so a plan warns of what is larger and the
    platform decides. None where nothing is known.

    Attributes:
        file_bytes: of one file that is no LFS object.
        repository_bytes: of all that a repository holds, packed.
        lfs_object_bytes: of one LFS object.
        lfs_doubt: why it may take no LFS objects at all; None where it takes them.
    """

    file_bytes: int | None = None
    repository_bytes: int | None = None
    lfs_object_bytes: int | None = None
    lfs_doubt: Phrase | None = None


NOTHING_KNOWN = Capacity()


class NamespaceMaker(Protocol):
    """What a platform offers for making a namespace that is not there."""

    def fault_of_new_namespace(self, namespace: str) -> Phrase | None:
        """Say why the platform cannot make one of that name by its API; None where it may. It may be asked for this."""

    def create_namespace(self, namespace: str) -> None:
        """Make it, for this account to write to.

        Raises:
            Conflict: it is there already.
            MatouError: the platform does not do it.
        """


@dataclass(frozen=True, slots=True)
class TargetRules:
    """What a platform lets a repository be.

    Attributes:
        fault_of: says why a name cannot be used, or None.
        visibilities: those that it has; PRIVATE is always among them.
        capacity: of its repositories.
    """

    fault_of: Callable[[str], Phrase | None]
    visibilities: frozenset[Visibility]
    capacity: Capacity = NOTHING_KNOWN

    def fitted(self, true_name: str) -> str:
        """The name itself where it can be used; else one made of it, the same for the same name.

        Where a letter was lost the name ends in digits of its digest, so that two names hardly ever become one.
        """
        if self.fault_of(true_name) is None:
            return true_name
        text = "".join(character if self._fits(character) else _REPLACEMENT for character in true_name)
        text = text.strip("-. ")[:_LONGEST_PLAIN_NAME]
        for ending in _RESERVED_ENDINGS[:4]:
            if text.lower().endswith(ending):
                text = f"{text[: -len(ending)]}-{ending[1:]}"
        if _lost_letters(true_name, text) or self.fault_of(text) is not None:
            return self.with_digest(text, true_name)
        return text

    def with_digest(self, name: str, of: str) -> str:
        """A name that is nobody else's: with digits of the digest of what is told apart by it."""
        digest = hashlib.sha256(of.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        short = name.encode()[: _LONGEST_PLAIN_NAME - 9].decode(errors="ignore").rstrip("-. ")
        return f"{short}-{digest}" if short and self.fault_of(f"{short}-{digest}") is None else f"repository-{digest}"

    def _fits(self, character: str) -> bool:
        return self.fault_of(f"a{character}a") is None


def _lost_letters(true_name: str, text: str) -> bool:
    return sum(map(str.isalnum, true_name)) != sum(map(str.isalnum, text))


def fault_of_plain_name(name: str) -> Phrase | None:
    """Say why a name is not one that every platform takes: letters, digits, `_`, `-` and `.`; None where it is."""
    if len(name) > _LONGEST_PLAIN_NAME:
        return Phrase("it is too long")
    if not _PLAIN_NAME.match(name):
        return Phrase("it holds a character that is not allowed")
    if name.lower().endswith(_RESERVED_ENDINGS):
        return Phrase("it ends in a way that is reserved")
    return None


PLAIN_RULES = TargetRules(fault_of_plain_name, frozenset({Visibility.PRIVATE, Visibility.PUBLIC}))
"""Of the platforms that say nothing more exact."""
