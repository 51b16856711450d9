"""A project export of GitLab as GitLab reads it, held to the keys and types of those that GitLab writes."""

import json
import re
import tarfile
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

_SHAPES = Path(__file__).parents[1] / "data" / "gitlab" / "export_shapes.json"
_UPLOAD = re.compile(r"/uploads/([0-9a-f]{32}/[^)\s]+)\)")
_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", list: "array"}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")
_MODELS = {"label": "labels", "milestone": "milestones", "original_position": "position"}

Row = dict[str, Any]


@cache
def shapes() -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    found = json.loads(_SHAPES.read_text(encoding="utf-8"))
    exports = {name: frozenset(types.split("|")) for name, types in found["exports"].items()}
    return exports, {name: frozenset(keys.split()) for name, keys in found["import_export"].items()}


class GitLabExport:
    """The archive, unpacked below a folder."""

    def __init__(self, path: Path, to: Path) -> None:
        with tarfile.open(path) as tar:
            self.members = tar.getmembers()
            tar.extractall(to, filter="data")
        self.folder = to

    def text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def rows(self, relation: str) -> list[Row]:
        lines = self.text(f"tree/project/{relation}.ndjson").splitlines()
        return [json.loads(line) for line in lines]

    def row(self, relation: str, iid: int) -> Row:
        return next(row for row in self.rows(relation) if row["iid"] == iid)

    @property
    def relations(self) -> list[str]:
        return sorted(path.stem for path in (self.folder / "tree/project").iterdir())

    def strange_keys(self) -> list[str]:
        """The keys that GitLab's import does not know, and values of other types than GitLab writes."""
        rows = [(relation, row) for relation in self.relations for row in self.rows(relation)]
        rows.append(("project", json.loads(self.text("tree/project.json"))))
        return sorted({fault for relation, row in rows for fault in _faults(row, relation, relation)})

    def strings(self) -> Iterator[str]:
        for relation in self.relations:
            for row in self.rows(relation):
                yield from _strings(row)

    def uploads_named(self) -> set[str]:
        return {unquote(place) for text in self.strings() for place in _UPLOAD.findall(text)}

    def uploads(self) -> set[str]:
        return {member.name.removeprefix("uploads/") for member in self.members if member.name.startswith("uploads/")}

    def dangling(self) -> list[str]:
        """What names something that is not there, and what GitLab's import would stumble over."""
        faults = [f"no such file: {one}" for one in self.uploads_named() ^ self.uploads()]
        labels, milestones = ([json.dumps(one) for one in self.rows(name)] for name in ("labels", "milestones"))
        for relation in ("issues", "merge_requests"):
            rows = self.rows(relation)
            if len({row["iid"] for row in rows}) != len(rows):
                faults.append(f"{relation}: a number twice")
            for row in rows:
                faults += [
                    f"label of {row['iid']}" for one in row["label_links"] if json.dumps(one["label"]) not in labels
                ]
                if "milestone" in row and json.dumps(row["milestone"]) not in milestones:
                    faults.append(f"milestone of {row['iid']}")
                faults += [
                    f"{relation} {row['iid']}: {fault}" for note in row["notes"] for fault in _faults_of_note(note)
                ]
        faults += [fault for note in self.rows("commit_notes") for fault in _faults_of_note(note)]
        return faults


def _faults_of_note(note: Row) -> Iterator[str]:
    if not note["author"]["name"] or not isinstance(note["author_id"], int):
        yield "a note without an author"
    if not all(_TIME.match(note[key]) and datetime.fromisoformat(note[key]) for key in ("created_at", "updated_at")):
        yield "a note without a time"
    if not re.fullmatch("[0-9a-f]{40}", note["discussion_id"]):
        yield "a note without a discussion"
    if note["type"] == "DiffNote":
        position = note["position"]
        if not all(re.fullmatch("[0-9a-f]{40}", position[f"{name}_sha"]) for name in ("base", "start", "head")):
            yield "a position without commits"
        if not re.fullmatch(r"[0-9a-f]{40}_\d+_\d+", note["line_code"]):
            yield "a line without a code"


def _faults(value: Any, place: str, model: str) -> Iterator[str]:
    exports, included = shapes()
    for key, found in value.items():
        name = f"{place}.{key}"
        if name not in exports and key not in included.get(_MODELS.get(model, model), ()) and not _is_known(model, key):
            yield f"{name} is no key of GitLab's"
        types = exports.get(name, frozenset()) - {"null"}
        if found is not None and types and _TYPES[type(found)] not in types:
            yield f"{name} is {_TYPES[type(found)]}"
        if isinstance(found, dict):
            yield from _faults(found, name, key)
        for one in found if isinstance(found, list) else ():
            if isinstance(one, dict):
                yield from _faults(one, f"{name}[]", key)


def _is_known(model: str, key: str) -> bool:
    """A label is of one shape wherever it stands, and so is a milestone."""
    exports, _included = shapes()
    return f"{_MODELS.get(model, model)}.{key}" in exports


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _strings(one)
