"""A person's own choice of where repositories go: a file of pairs, in CSV or in TOML."""

import csv
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from matou.errors import Invalid, Phrase
from matou.fs import reason_of
from matou.model.decoding_faults import NOT_UTF8, fault_of_toml

_EVERYTHING = "/*"


class UnusableMap(Invalid):
    """The file that says where repositories go does not say it."""


@dataclass(frozen=True, slots=True)
class TargetPath:
    """Where a repository is at a target."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class MigrationMap:
    """Pairs of a true path, or a tail of one, and a place.

    `PROJECT/*` to `NAMESPACE/*` moves all of a project; a place without a slash is a name in the target's namespace.
    What names more of a path goes before what names less, and a repository before its project.
    """

    pairs: Mapping[str, str]

    def target_of(self, source_path: str, name: str, *, namespace: str) -> tuple[str, str | None] | None:
        """The namespace, and the name where the map has one; None where the map says nothing of this path."""
        source = next((source for source in _sources(source_path, name) if source in self.pairs), None)
        if source is None:
            return None
        target = self.pairs[source]
        if source.endswith(_EVERYTHING):
            return (target.removesuffix(_EVERYTHING), None)
        above, slash, last = target.rpartition("/")
        return (above if slash else namespace, last)

    def unmatched(self, repositories: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        """What the map says of none of these true paths and names, as it says it: mistyped, perhaps."""
        if not self.pairs:
            return ()
        known = {source for source_path, name in repositories for source in _sources(source_path, name)}
        return tuple(source for source in self.pairs if source not in known)


NO_MAP = MigrationMap({})


def _sources(source_path: str, name: str) -> Iterator[str]:
    """What a map may say for a repository, in the order in which it counts."""
    parts = source_path.split("/")
    yield from ("/".join(parts[start:]) for start in range(len(parts)))
    above = source_path[: -len(name) - 1].split("/")
    yield from ("/".join(above[start:]) + _EVERYTHING for start in range(len(above)))


def read_map(path: Path) -> MigrationMap:
    """Read a file whose name ends in `.toml` as a table of texts named `repositories`, any other as CSV of two columns.

    Raises:
        UnusableMap: it cannot be read, or a line of it is no pair.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        pairs = _toml(text) if path.suffix.lower() == ".toml" else _csv(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, csv.Error) as error:
        raise UnusableMap("{path} cannot be read: {reason}", path=path, reason=_reason(error)) from error
    return MigrationMap(dict(_checked(path, pairs)))


def _reason(error: Exception) -> Phrase | str:
    match error:
        case OSError():
            return reason_of(error)
        case UnicodeDecodeError():
            return NOT_UTF8
        case tomllib.TOMLDecodeError():
            return fault_of_toml(error)
        case _:
            return Phrase("it is no CSV")


def _toml(text: str) -> list[list[object]]:
    table = tomllib.loads(text).get("repositories", {})
    return [[source, target] for source, target in table.items()] if isinstance(table, dict) else [[table]]


def _csv(text: str) -> list[list[object]]:
    rows = csv.reader(text.splitlines(), strict=True)
    return [[cell.strip() for cell in row] for row in rows if row and not row[0].lstrip().startswith("#")]


def _checked(path: Path, pairs: Iterable[list[object]]) -> Iterable[tuple[str, str]]:
    seen: set[str] = set()
    for pair in pairs:
        match pair:
            case [str(source), str(target)] if _is_pair(source, target) and source not in seen:
                seen.add(source)
                yield source.strip("/"), target.strip("/")
            case _:
                raise UnusableMap(
                    "{path} holds what says nowhere to go, or says it twice: {pair}",
                    path=path,
                    pair=repr(pair)[:200],
                    advice="each line is a path in the archive and a place, as in: team/shop/api,shop-api",
                )


def _is_pair(source: str, target: str) -> bool:
    is_all = source.endswith(_EVERYTHING)
    return bool(source.strip("/") and target.strip("/")) and is_all == target.endswith(_EVERYTHING)
