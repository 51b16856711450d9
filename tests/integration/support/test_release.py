"""What is released holds what a person needs who has nothing else."""

import re
from pathlib import Path

import pytest

from matou import __version__
from support.release import build, missing_in_source, missing_in_wheel, needed


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build(__version__, tmp_path_factory.mktemp("dist"))


def test_the_source_archive_holds_what_the_readmes_lead_to_and_make_needs(built: tuple[Path, Path]) -> None:
    assert missing_in_source(built[0]) == []
    assert {"docs/guide/index.md", "demo/demo.py", "requirements/runtime.txt", "SECURITY.md"} <= set(needed())


def test_the_wheel_holds_the_program_its_types_and_its_data(built: tuple[Path, Path]) -> None:
    assert missing_in_wheel(built[1]) == []


def test_the_changelog_knows_this_version_or_there_are_fragments_for_the_next() -> None:
    root = Path(__file__).parents[3]
    released = re.findall(r"^## ([0-9.]+) ", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    fragments = [path for path in (root / "changes").glob("*.md") if path.name != "template.md"]

    assert __version__ in released or fragments
