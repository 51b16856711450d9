"""A bare repository of a few commits, for whoever changes it."""

from pathlib import Path

import pytest

from support.git_repositories import make_source


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return make_source(tmp_path / "source.git")
