"""The documentation is a site of its own: every link leads somewhere, and no page asks another host for anything."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ASKED_FOR = re.compile(
    r"""<(?:script|img|iframe|source|link)\b[^>]*\b(?:src|href)=["']((?:https?:)?//[^"']*)|"""
    r"""url\(["']?((?:https?:)?//[^)"']*)|@import\s+["']((?:https?:)?//[^"']*)"""
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return folder


def test_no_page_asks_another_host_for_anything(site: Path) -> None:
    requests_seen = {
        f"{path.relative_to(site)}: {next(filter(None, found.groups()))}"
        for path in site.rglob("*")
        if path.suffix in {".html", ".css", ".js"}
        for found in ASKED_FOR.finditer(path.read_text(encoding="utf-8"))
    }

    assert requests_seen == set()


def test_the_guide_is_there_in_both_languages(site: Path) -> None:
    assert "Back up" in (site / "guide" / "backup.html").read_text(encoding="utf-8")
    assert "备份" in (site / "guide" / "backup.zh-CN.html").read_text(encoding="utf-8")


def test_every_decision_stands_in_the_table_of_decisions() -> None:
    decisions = ROOT / "docs" / "decisions"
    table = (decisions / "README.md").read_text(encoding="utf-8")

    assert [page.name for page in decisions.glob("*.md") if page.name != "README.md" and page.name not in table] == []
