"""Finds every text that a person may see and keeps the Chinese catalogue whole; `make messages` runs this file.

The reference of commands in both languages is made of these texts, and written anew with them (`command_pages.py`).

A text is the first argument of `gettext`, `_`, `Phrase`, of a class of errors or of what a call gives (which is how
a class of errors is chosen), the text that a class of errors hands on to its own base, and any `advice=`. A constant
of the module is looked up. What names a field, the first argument of UnknownShape, is words only as a Phrase.

A text that counts something is the first two arguments of `ngettext` or `Plural`: for one, and for any other number.
Chinese has one form for both. Templates of pages call `_` and `ngettext` likewise.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

import jinja2
from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as CatalogMessage
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2 import nodes

SOURCES = Path(__file__).parents[2] / "src" / "matou"
CATALOGUE = SOURCES / "locale" / "zh_CN" / "LC_MESSAGES" / "matou.po"
COMPILED = CATALOGUE.with_suffix(".mo")

TRANSLATING = {"_", "gettext", "Phrase"}
COUNTING = {"ngettext", "Plural"}

Message = str | tuple[str, str]
"""A text, or the two forms of one that counts."""


def texts_in_code() -> dict[str, list[str]]:
    """Every template that counts nothing, with the files that say it."""
    return {text: files for text, files in _messages().items() if isinstance(text, str)}


def plurals_in_code() -> dict[tuple[str, str], list[str]]:
    """Both forms of every template that counts, with the files that say it."""
    return {text: files for text, files in _messages().items() if isinstance(text, tuple)}


@cache
def _messages() -> Mapping[Message, list[str]]:
    found: dict[Message, list[str]] = {}
    for path, text in (*_said_in_modules(), *_said_in_templates()):
        files = found.setdefault(text, [])
        if path not in files:
            files.append(path)
    return found


def _said_in_modules() -> Iterator[tuple[str, Message]]:
    for path, tree in _modules().items():
        yield from ((path, text) for text in _Texts(tree).found())


def _said_in_templates() -> Iterator[tuple[str, Message]]:
    for file in sorted(SOURCES.glob("**/templates/**/*.html")):
        tree = jinja2.Environment(autoescape=True).parse(file.read_text(encoding="utf-8"))
        for call in tree.find_all(nodes.Call):
            match call.node, call.args:
                case nodes.Name(name="_"), [nodes.Const(value=str(text)), *_]:
                    yield file.relative_to(SOURCES).as_posix(), text
                case nodes.Name(name="ngettext"), [nodes.Const(value=str(one)), nodes.Const(value=str(other)), *_]:
                    yield file.relative_to(SOURCES).as_posix(), (one, other)


@cache
def _modules() -> Mapping[str, ast.Module]:
    return {
        path.relative_to(SOURCES).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(SOURCES.rglob("*.py"))
    }


@cache
def _error_classes() -> frozenset[str]:
    """MatouError and all that derive from it."""
    classes = [node for tree in _modules().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    found: set[str] = {"MatouError"}
    while more := {one.name for one in classes if found & {_name(base) for base in one.bases}} - found:
        found |= more
    return frozenset(found)


@cache
def _takes_a_template() -> frozenset[str]:
    """Those classes of errors whose constructor's first parameter is the text."""
    classes = [node for tree in _modules().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    others = {one.name for one in classes if one.name in _error_classes() and not _begins_with_template(one)}
    while more := {one.name for one in classes if others & {_name(base) for base in one.bases}} - others:
        others |= more
    return _error_classes() - others


def _begins_with_template(one: ast.ClassDef) -> bool:
    makers = [node for node in one.body if isinstance(node, ast.FunctionDef) and node.name == "__init__"]
    firsts = [[*maker.args.posonlyargs, *maker.args.args][1:2] for maker in makers]
    return all([parameter.arg for parameter in first] == ["template"] for first in firsts)


class _Texts:
    """The texts of one module."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        plain = {_name(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
        typed = {_name(node.target): node.value for node in tree.body if isinstance(node, ast.AnnAssign) and node.value}
        self._constants = {**plain, **typed}

    def found(self) -> Iterator[Message]:
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Call) and _name(node.func) in COUNTING:
                yield from self._counted_by(node)
            elif isinstance(node, ast.Call):
                yield from self._said_by(node)
            if isinstance(node, ast.ClassDef) and node.name in _error_classes():
                yield from self._handed_on(node)

    def _said_by(self, call: ast.Call) -> Iterator[str]:
        if isinstance(call.func, ast.Call) or _name(call.func) in TRANSLATING | _takes_a_template():
            yield from self._text(call.args[:1])
        yield from (text for word in call.keywords if word.arg == "advice" for text in self._text([word.value]))

    def _counted_by(self, call: ast.Call) -> Iterator[Message]:
        """Where the second form is no text of its own, neither is the first: it is a definition or hands them on."""
        yield from zip(self._text(call.args[:1]), self._text(call.args[1:2]), strict=True)

    def _handed_on(self, error: ast.ClassDef) -> Iterator[str]:
        for node in ast.walk(error):
            if isinstance(node, ast.Call) and _name(node.func) == "__init__":
                yield from (text for argument in node.args[:2] for text in self._text([argument]))

    def _text(self, arguments: list[ast.expr]) -> Iterator[str]:
        match arguments:
            case [ast.Constant(value=str(text))] if text:
                yield text
            case [ast.Name(id=name)] if name in self._constants:
                yield from self._text([self._constants[name]])
            case [ast.IfExp(body=one, orelse=other)]:
                yield from self._text([one])
                yield from self._text([other])


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def read_catalogue() -> Catalog:
    if not CATALOGUE.exists():
        return Catalog(locale="zh_CN", domain="matou")
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh_CN", domain="matou")


class _Plain(Catalog):
    """A catalogue whose header says how to read it, and not when it was made or by whom."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", "zh_CN"),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", "nplurals=1; plural=0;"),
        ]


def updated(old: Catalog) -> Catalog:
    """The catalogue of the texts that are in the code now, with the translations that there are."""
    new = _Plain(locale="zh_CN", domain="matou", header_comment="# Matou in Chinese.", fuzzy=False)
    for text, files in sorted(_messages().items(), key=lambda item: _first_form(item[0])):
        known = old.get(text)
        new.add(text, known.string if known else "", user_comments=files)
    return new


def _first_form(text: Message) -> str:
    return text if isinstance(text, str) else text[0]


def written(catalogue: Catalog) -> bytes:
    buffer = BytesIO()
    write_po(buffer, catalogue, width=120, sort_output=True)
    return buffer.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    buffer = BytesIO()
    write_mo(buffer, updated(catalogue))
    return buffer.getvalue()


def is_translated(message: CatalogMessage) -> bool:
    return all(message.string) if isinstance(message.string, list | tuple) else bool(message.string)


def main() -> None:
    texts = updated(read_catalogue())
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    CATALOGUE.write_bytes(written(texts))
    COMPILED.write_bytes(compiled(texts))
    for message in texts:
        if message.id and not is_translated(message):
            print("not translated:", message.id)
    # In a process of its own, since the commands take their words from the catalogue that was written just now.
    subprocess.run([sys.executable, Path(__file__).with_name("command_pages.py")], check=True)
    subprocess.run([sys.executable, Path(__file__).with_name("carried_page.py")], check=True)


if __name__ == "__main__":
    main()
