"""The schemas and the pages of metadata are those of the classes and of the table of kinds."""

import json

import pytest
from jsonschema_rs import Draft202012Validator, meta

from matou.archive.metadata.json_form import encode
from matou.model.metadata import MetadataValue
from matou.model.metadata.kinds import KINDS, TreeLayout
from support.metadata_items import change, comment, commit_comment, issue, picture, release
from support.metadata_schemas import FOLDER, SUFFIX, schemas


def test_the_schemas_are_those_of_the_classes() -> None:
    """To write them anew: python tests/support/metadata_schemas.py"""
    assert {path.name: path.read_bytes() for path in FOLDER.glob(f"*{SUFFIX}")} == schemas()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("issue", issue("7", comments=(comment("5", files=(picture(),)),))),
        ("change", change("12")),
        ("release", release("v1.0")),
        ("commit-comment", commit_comment("401")),
    ],
)
def test_what_is_written_is_what_its_schema_says(name: str, value: MetadataValue) -> None:
    schema = json.loads(schemas()[f"{name}{SUFFIX}"])

    meta.validate(schema)
    Draft202012Validator(schema).validate(json.loads(encode(value)))


@pytest.mark.parametrize("page", ["index.md", "index.zh-CN.md"])
def test_the_page_about_kinds_names_each_of_them(page: str) -> None:
    text = (FOLDER / page).read_text(encoding="utf-8")

    assert [kind.name for kind in KINDS.values() if f"| `{kind.name}` |" not in text] == []
    places = [kind.place for kind in KINDS.values() if kind.layout is not TreeLayout.WITHIN]
    assert [place for place in places if f"`{place}" not in text] == []
