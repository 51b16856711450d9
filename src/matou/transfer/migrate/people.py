"""Whom the people of an archive are at a target: a file that somebody fills in, and a draft of it.

```toml
[people]
"coding:17" = "zhangsan"
```
"""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matou.archive.layout import Archive
from matou.archive.manifest import NamespaceLine, RepositoryLine, SourceLine
from matou.archive.metadata import MetadataTree
from matou.errors import Invalid, Phrase
from matou.fs import reason_of, write_atomically
from matou.i18n import gettext as _
from matou.i18n import printable
from matou.model.decoding_faults import NOT_UTF8, fault_of_toml
from matou.model.metadata import Item, Participant
from matou.model.metadata.kinds import CHANGE, ISSUE, PERSON
from matou.transfer.migrate.inventory import comments_on, line_comments_on, metadata_around

People = Mapping[str, str]
"""By `platform:key`, the name at the target."""

NOBODY: Final[People] = {}
_TABLE: Final = "people"
_KEY: Final = re.compile(r"[a-z]+:[^\s].*\Z", re.DOTALL)
_NAME: Final = re.compile(r"[^\s/@\x00-\x1f\x7f]{1,100}\Z")

Lines = Iterable[tuple[SourceLine, NamespaceLine | RepositoryLine]]


class UnusablePeople(Invalid):
    """A file of people that does not say whom they are."""


@dataclass(frozen=True, slots=True)
class PersonLine:
    """Somebody who is named in an archive, and in how many issues, change requests and comments."""

    key: str
    person: Participant
    count: int


def read_people(path: Path) -> People:
    """What a person filled in; names that are empty still are left out.

    Raises:
        UnusablePeople: it cannot be read, or says something that is no person or no name.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnusablePeople("{path} cannot be read: {reason}", path=path, reason=_reason(error)) from error
    table = document.pop(_TABLE, None)
    if document or not isinstance(table, dict):
        raise UnusablePeople(
            "{path} has to hold one table, [people], and nothing besides",
            path=path,
            advice='each line of it is a person and a name at the target, as in: "coding:17" = "zhangsan"',
        )
    return dict(_checked(path, table))


def list_people(archive: Archive, lines: Lines) -> tuple[PersonLine, ...]:
    """Everybody who is named, those who wrote most first. Raises Damaged."""
    known: dict[str, Participant] = {}
    counts: Counter[str] = Counter()
    for source, line in lines:
        tree = metadata_around(archive, line)
        if tree is not None:
            known |= {f"{source.platform}:{key}": one for key, one in tree.table(PERSON).items()}
            counts.update(f"{source.platform}:{key}" for key in _named(tree))
    listed = (PersonLine(key, person, counts[key]) for key, person in known.items())
    return tuple(sorted(listed, key=lambda one: (-one.count, one.key)))


def write_draft(path: Path, people: Iterable[PersonLine]) -> None:
    """A file to be filled in. Raises WriteFailed."""
    write_atomically(path, "".join(_draft(people)).encode())


def _draft(people: Iterable[PersonLine]) -> Iterator[str]:
    yield f"# {_('Whom each person is at the target. Names that stay empty are left out.')}\n[{_TABLE}]\n"
    for one in people:
        names = " ".join(filter(None, (one.person.name, one.person.login and f"({one.person.login})")))
        yield f'\n# {printable(names)}: {one.count}\n{_quoted(one.key)} = ""\n'


def _quoted(text: str) -> str:
    """A basic string of TOML, which is one of JSON but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _named(tree: MetadataTree) -> Iterator[str]:
    for kind in (ISSUE, CHANGE):
        for item in tree.items(kind):
            if isinstance(item, Item):
                wrote = (item.by, *(one.by for one in (*comments_on(item), *line_comments_on(item))))
                yield from filter(None, (*wrote, *item.assignees))


def _checked(path: Path, table: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for key, name in table.items():
        if not _KEY.match(key) or not isinstance(name, str) or not (_NAME.match(name) or name == ""):
            raise UnusablePeople(
                "{path} holds what is no person or no name: {pair}",
                path=path,
                pair=repr((key, name))[:200],
                advice='each line is a person and a name at the target, as in: "coding:17" = "zhangsan"',
            )
        if name:
            yield key, name


def _reason(error: Exception) -> Phrase | str:
    match error:
        case OSError():
            return reason_of(error)
        case UnicodeDecodeError():
            return NOT_UTF8
        case tomllib.TOMLDecodeError():
            return fault_of_toml(error)
    raise AssertionError
