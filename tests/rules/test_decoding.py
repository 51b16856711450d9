"""Who decodes into a type of ours has it made ready: `model/decodable.py` says why."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from support.source_trees import nodes_of

SOURCES = Path(__file__).parents[2] / "src" / "matou"
DECODING = {"msgspec.json.decode", "msgspec.msgpack.decode"}
PLAIN = {"str", "list[str]", "dict[str, msgspec.Raw]"}
"""Nothing has to be worked out for these."""

READY = {"KnownLine"}
"""A decoder of it is made when its module is imported, which one thread does."""


def types_decoded_into(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for call in nodes:
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            name = ast.unparse(call.func)
            named = [word.value for word in call.keywords if word.arg == "type"]
            if name in DECODING:
                yield from map(ast.unparse, named)
            elif name == "msgspec.convert":
                yield from map(ast.unparse, named or call.args[1:2])


def test_a_type_that_is_decoded_into_is_made_ready() -> None:
    found = {
        (path.relative_to(SOURCES).as_posix(), one)
        for path in SOURCES.rglob("*.py")
        for one in types_decoded_into(nodes_of(path))
        if one not in PLAIN | READY and not one.startswith("decodable(")
    }

    assert found == set()


def test_types_are_found() -> None:
    code = (
        "msgspec.json.decode(b'', type=Line)\nmsgspec.convert(value, Line)\nmsgspec.convert(value, type=list[Line])\n"
    )

    assert list(types_decoded_into(ast.walk(ast.parse(code)))) == ["Line", "Line", "list[Line]"]
