"""The JSON schemas of metadata, made from the classes themselves: run it to write docs/reference/metadata anew."""

import inspect
import json
from pathlib import Path
from typing import Any, Final

import msgspec

from matou.archive.metadata.about import About
from matou.archive.metadata.items import ItemPart
from matou.archive.metadata.json_form import UNKNOWN, struct_of
from matou.model.metadata import MetadataValue
from matou.model.metadata.kinds import KINDS, TreeLayout

FOLDER: Final = Path(__file__).parents[2] / "docs" / "reference" / "metadata"
SUFFIX: Final = ".schema.json"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, bytes]:
    """The content of each file, by its name."""
    found = {"about": _schema(About, is_table=False), "item-part": _schema(ItemPart, is_table=False)}
    for kind in KINDS.values():
        if kind.value is not None:
            found[kind.name] = _schema(kind.value, is_table=kind.layout is TreeLayout.TABLE)
    return {f"{name}{SUFFIX}": _text(schema) for name, schema in found.items()}


def _schema(value: type[MetadataValue], *, is_table: bool) -> dict[str, Any]:
    """Of one value, or of a file that holds many by key."""
    (reference,), definitions = msgspec.json.schema_components(
        [struct_of(value)], ref_template="#/$defs/{name}", schema_hook=_anything
    )
    named = {"$schema": DIALECT, "title": value.__name__, "description": _summary(value)}
    wanted = {"type": "object", "additionalProperties": reference} if is_table else reference
    return {**named, **wanted, "$defs": {name: _open(definitions[name]) for name in sorted(definitions)}}


def _anything(_: type) -> dict[str, Any]:
    return {"description": "any JSON"}


def _open(definition: Any) -> Any:
    """What a later Matou adds is no fault of a file."""
    if isinstance(definition, list):
        return [_open(one) for one in definition]
    if not isinstance(definition, dict):
        return definition
    kept = {key: _open(one) for key, one in definition.items() if key not in (UNKNOWN, "additionalProperties")}
    if definition.get("additionalProperties") not in (None, False):
        kept["additionalProperties"] = _open(definition["additionalProperties"])
    if isinstance(kept.get("description"), str):
        kept["description"] = inspect.cleandoc(kept["description"])
    return kept


def _summary(value: type[MetadataValue]) -> str:
    return inspect.cleandoc(value.__doc__ or "").partition("\n")[0]


def _text(schema: dict[str, Any]) -> bytes:
    return json.dumps(schema, indent=1, ensure_ascii=False).encode() + b"\n"


def write() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob(f"*{SUFFIX}"):
        old.unlink()
    for name, content in schemas().items():
        (FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    write()
