"""Who somebody is by a repository's `.mailmap`, exactly as git reads it (gitmailmap(5); git's mailmap.c)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Self

LARGEST_MAILMAP_BYTES: Final = 4 * 1024 * 1024
"""A longer one is not read, and nobody is renamed."""

_SPACE: Final = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class MailmapPerson:
    """A name and an e-mail address as a commit has them: bytes, usually UTF-8."""

    name: bytes
    email: bytes


@dataclass(frozen=True, slots=True)
class _Renaming:
    """What stands for a person; None leaves theirs."""

    name: bytes | None
    email: bytes | None

    def of(self, person: MailmapPerson) -> MailmapPerson:
        return MailmapPerson(
            person.name if self.name is None else self.name, person.email if self.email is None else self.email
        )


_NOBODY: Final = _Renaming(None, None)


@dataclass(slots=True)
class _Address:
    """What is known of one address: who it belongs to, and to whom it belongs under which name."""

    renaming: _Renaming = _NOBODY
    by_name: dict[bytes, _Renaming] = field(default_factory=dict)


class Mailmap:
    """All lines of a `.mailmap`. Addresses and names are looked up without regard to the case of ASCII letters."""

    def __init__(self) -> None:
        self._addresses: dict[bytes, _Address] = {}

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Whatever cannot be read is passed over, as git does; a NUL ends the file."""
        mailmap = cls()
        for line in content.split(b"\0", 1)[0].split(b"\n"):
            if not line.startswith(b"#"):
                mailmap._add(line)
        return mailmap

    def person(self, person: MailmapPerson) -> MailmapPerson:
        address = self._addresses.get(person.email.lower())
        if address is None:
            return person
        return address.by_name.get(person.name.lower(), address.renaming).of(person)

    def _add(self, line: bytes) -> None:
        pairs = list(_pairs(line))
        if not pairs:
            return
        name, email = pairs[0]
        if len(pairs) == 1:
            self._rename(_Renaming(name, None), old_name=None, old_email=email)
        else:
            old_name, old_email = pairs[1]
            self._rename(_Renaming(name, email), old_name=old_name, old_email=old_email)

    def _rename(self, renaming: _Renaming, *, old_name: bytes | None, old_email: bytes) -> None:
        address = self._addresses.setdefault(old_email.lower(), _Address())
        if old_name is not None:
            address.by_name[old_name.lower()] = renaming
            return
        # A later line replaces of an earlier one only what it says itself.
        address.renaming = _Renaming(
            renaming.name if renaming.name is not None else address.renaming.name,
            renaming.email if renaming.email is not None else address.renaming.email,
        )


def _pairs(line: bytes) -> Iterator[tuple[bytes | None, bytes]]:
    """The one or two pairs of a name, None where there is none, and an address; the first address is never empty."""
    rest = line
    for is_second in (False, True):
        name, less, after = rest.partition(b"<")
        email, greater, rest = after.partition(b">")
        if not less or not greater or (not email and not is_second):
            return
        yield name.strip(_SPACE) or None, email
