"""What tests of a whole run share: a source that does what it is told, and an archive with nothing in it."""

from pathlib import Path

import pytest

from integration.transfer.saved_archives import Team
from matou.archive.layout import Archive
from support.scripted_source import ScriptedSource, open_archive


@pytest.fixture
def source(tmp_path: Path) -> ScriptedSource:
    return ScriptedSource(tmp_path / "source")


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return open_archive(tmp_path / "archive")


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team.create(tmp_path / "archive")
