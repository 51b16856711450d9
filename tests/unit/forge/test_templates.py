"""Templates: found however somebody spells their name, and filled in."""

from datetime import UTC, datetime
from importlib.resources import files

import pytest

from matou.forge.repositories.templates import (
    CopyrightHolder,
    UnknownTemplate,
    gitignore_template,
    license_template,
    readme,
)

ANNA = CopyrightHolder(
    name="安娜 \\1 Harbour", login="anna", email="anna@example.com", project="ship", url="https://x.test/ship"
)
NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize("name", ["Python", "python", "PYTHON", "Python.gitignore", " python "])
def test_a_gitignore_is_found_whatever_the_spelling(name: str) -> None:
    assert "__pycache__/" in gitignore_template(name)


@pytest.mark.parametrize(("name", "other"), [("C", "C++"), ("D", "R"), ("Visual Studio", "Visual Studio Code")])
def test_names_that_are_nearly_alike_stay_apart(name: str, other: str) -> None:
    assert gitignore_template(name) != gitignore_template(other)


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("MIT", "MIT License"),
        ("mit license", "MIT License"),
        ("Apache-2.0", "Apache License"),
        ("Apache_License_v2.0", "Apache License"),
        ("apache 2", "Apache License"),
        ("GPL-3.0", "GNU GENERAL PUBLIC LICENSE"),
        ("gplv3", "GNU GENERAL PUBLIC LICENSE"),
        ("GNU General Public License v3.0", "GNU GENERAL PUBLIC LICENSE"),
        ("MulanPSL-2.0", "木兰宽松许可证"),
        ("Mulan PSL v2", "木兰宽松许可证"),
        ("BSD-3-Clause", "BSD 3-Clause License"),
        ("Unlicense", "This is free and unencumbered software"),
        ("The Unlicense", "This is free and unencumbered software"),
        ("CC0-1.0", "Creative Commons Legal Code"),
    ],
)
def test_a_license_is_found_by_its_spdx_id_or_its_title(name: str, begins: str) -> None:
    assert license_template(name, ANNA, NOW).lstrip().startswith(begins)


def test_the_year_and_the_holder_are_filled_in_as_they_are() -> None:
    text = license_template("MIT", ANNA, NOW)

    assert "Copyright (c) 2026 安娜 \\1 Harbour\n" in text
    assert "[" not in text


def test_every_license_is_filled_in_and_every_gitignore_is_text() -> None:
    folder = files("matou") / "data" / "templates"
    licenses = [line.split("\t")[0] for line in (folder / "licenses" / "TITLES.tsv").read_text().splitlines()]
    ignores = [file.name for file in (folder / "gitignore").iterdir()]

    texts = [license_template(spdx_id, ANNA, NOW) for spdx_id in licenses]
    lists = [gitignore_template(name) for name in ignores]

    assert (len(set(texts)), len(lists)) == (47, 238)
    assert not any(hole in text for text in texts for hole in ("[year]", "[fullname]", "[project]", "[email]"))
    assert all(lists)


@pytest.mark.parametrize("name", ["", "Klingon", "../licenses/MIT", "C#", "..", "\0", "Python/../Python", "x" * 10_000])
def test_a_name_that_no_template_has_is_told(name: str) -> None:
    with pytest.raises(UnknownTemplate):
        gitignore_template(name)
    with pytest.raises(UnknownTemplate):
        license_template(name, ANNA, NOW)


def test_a_readme_has_the_name_and_what_it_is_for() -> None:
    assert readme("ship", "") == "# ship\n"
    assert readme("ship", " a ship\n") == "# ship\n\na ship\n"
