"""What a new repository may begin with: a README, a list of what git ignores, a license. Sources: data/templates."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from matou.errors import Invalid

_NOISE = re.compile(r"\b(?:the|licen[cs]e|version|template)\b")
_DROPPED = re.compile(r"[^a-z0-9+#]")
_VERSION = re.compile(r"v(?=\d)")
_PLACEHOLDER = re.compile(r"\[(year|fullname|login|email|project|description|projecturl)\]")


class UnknownTemplate(Invalid):
    """No template has this name."""


@dataclass(frozen=True, slots=True)
class CopyrightHolder:
    """Whose work a license is about, as it is written into the text."""

    name: str
    login: str
    email: str
    project: str
    url: str


def gitignore_template(name: str) -> str:
    """What `.gitignore` holds for a language, a tool or a system; case, blanks and the ending do not count.

    Raises:
        UnknownTemplate: there is none of that name.
    """
    template = _gitignores().get(_key(name.removesuffix(".gitignore")))
    if template is None:
        raise UnknownTemplate("there is no template {name} for .gitignore", name=repr(name)[:100])
    return template.read_text("utf-8")


def license_template(name: str, holder: CopyrightHolder, now: datetime) -> str:
    """The text of a license, with the year and the holder in it.

    Args:
        name: its SPDX id or its title; `Apache-2.0`, `apache 2` and `Apache_License_v2.0` are one.
        holder: whose name it takes.
        now: says which year.

    Raises:
        UnknownTemplate: there is none of that name.
    """
    template = _licenses().get(_key(name))
    if template is None:
        raise UnknownTemplate("there is no template {name} for a license", name=repr(name)[:100])
    limitations = {
        "year": str(now.year),
        "fullname": holder.name,
        "login": holder.login,
        "email": holder.email,
        "project": holder.project,
        "description": "",
        "projecturl": holder.url,
    }
    return _PLACEHOLDER.sub(lambda match: limitations[match[1]], template.read_text("utf-8"))


def readme(title: str, description: str) -> str:
    """The first page of a repository: its name, and what it is for if somebody said so."""
    heading = f"# {title}\n"
    return f"{heading}\n{description.strip()}\n" if description.strip() else heading


def _key(name: str) -> str:
    """What is left of a name when its spelling does not count. `C`, `C++` and `C#` stay three names."""
    words = _NOISE.sub("", name.casefold().replace("_", " "))
    return _without_zero(_DROPPED.sub("", _VERSION.sub("", words)))


def _without_zero(key: str) -> str:
    """`gpl30` and `gpl3` are one license."""
    return key[:-1] if re.search(r"\d0\Z", key) else key


@cache
def _gitignores() -> Mapping[str, Traversable]:
    folder = _folder("gitignore")
    return {_key(file.name.removesuffix(".gitignore")): file for file in folder.iterdir()}


@cache
def _licenses() -> Mapping[str, Traversable]:
    folder = _folder("licenses")
    lines = (folder / "TITLES.tsv").read_text("utf-8").splitlines()
    ids = [line.partition("\t")[0] for line in lines]
    by_title = {
        _key(line.partition("\t")[2]): folder / f"{spdx_id}.txt" for line, spdx_id in zip(lines, ids, strict=True)
    }
    return by_title | {_key(spdx_id): folder / f"{spdx_id}.txt" for spdx_id in ids}


def _folder(name: str) -> Traversable:
    return files("matou") / "data" / "templates" / name
