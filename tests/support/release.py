"""Makes a release, up to the tag: `make release VERSION=1.2.3`. What it did stands in one commit, to be looked at.

The version, the changelog of the fragments, the wheel and the source archive, whether both hold what they must, and
a small archive as this version writes it.
"""

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
VERSION_FILE = ROOT / "src" / "matou" / "__init__.py"
DIST = ROOT / "dist"
ARCHIVES = ROOT / "tests" / "data" / "archives"
READMES = ("README.md", "README.zh-CN.md")
IN_THE_WHEEL = ("matou/py.typed", "matou/cli/main.py", "matou/git/operations/linguist.json")


def main(version: str) -> None:
    run("git", "diff", "--quiet", "HEAD")
    set_version(version)
    run(sys.executable, "-m", "towncrier", "build", "--yes", "--version", version)
    source, wheel = build(version, DIST)
    require(missing_in_source(source), "the source archive lacks")
    require(missing_in_wheel(wheel), "the wheel lacks")
    keep_archive(version, wheel)
    run("git", "add", "--all", "src", "changes", "CHANGELOG.md", "tests/data/archives")
    run("git", "commit", "--quiet", "--message", f"Release {version}")
    print(f"made {source.name} and {wheel.name}; once this commit is on main:")
    print(f"  git tag --annotate v{version} -m v{version}")


def set_version(version: str) -> None:
    text = VERSION_FILE.read_text(encoding="utf-8")
    new, count = re.subn(r'^__version__ = ".*"$', f'__version__ = "{version}"', text, flags=re.MULTILINE)
    require([] if count == 1 else ["__version__"], f"{VERSION_FILE} lacks")
    VERSION_FILE.write_text(new, encoding="utf-8")


def build(version: str, folder: Path) -> tuple[Path, Path]:
    """The source archive, and the wheel that is made from it."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT))
    return folder / f"matou-{version}.tar.gz", folder / f"matou-{version}-py3-none-any.whl"


def keep_archive(version: str, wheel: Path) -> None:
    """A small archive as this version writes it, which every later one must read."""
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", str(wheel))
    target = ARCHIVES / f"{version}.tar.gz"
    run(sys.executable, "tests/support/archive_fixture.py", str(target), PYTHONPATH=str(ROOT / "tests"))
    source = ARCHIVES / "SOURCE.md"
    line = f"| `{target.name}` | 2 | Matou {version} | {datetime.now(UTC).date()} |"
    text, table_end = source.read_text(encoding="utf-8"), "|\n\n"
    source.write_text(text.replace(table_end, f"|\n{line}\n\n", 1), encoding="utf-8")


def missing_in_source(archive: Path) -> list[str]:
    """What a README leads to or `make` needs, and the archive does not hold."""
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    return sorted({path for path in needed() if not any(name == path or name.startswith(f"{path}/") for name in names)})


def needed() -> Iterable[str]:
    """Paths that the READMEs link to, and those that the Makefile's recipes name."""
    for readme in READMES:
        text = (ROOT / readme).read_text(encoding="utf-8")
        yield from (link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link)
    recipes = (ROOT / "Makefile").read_text(encoding="utf-8")
    yield from re.findall(r"\b((?:demo|bench|tests|requirements)/[\w./-]+\w)", recipes)
    yield from ("Makefile", "pyproject.toml", "mkdocs.yml", "LICENSE")


def missing_in_wheel(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
    return [path for path in IN_THE_WHEEL if path not in names]


def require(missing: list[str], what: str) -> None:
    if missing:
        sys.exit(f"{what}: {', '.join(missing)}")


def run(*command: str, **environment: str) -> None:
    subprocess.run(command, cwd=ROOT, check=True, env=os.environ | environment)


if __name__ == "__main__":
    main(sys.argv[1])
