"""What `import matou` gives, and what it costs."""

import subprocess
import sys
from pathlib import Path

import pytest

import matou


def test_the_clients_are_there_for_whoever_imports_them() -> None:
    from matou import Coding, GitCode, Gitee

    modules = [client.__module__ for client in (Coding, GitCode, Gitee)]
    assert modules == [f"matou.platforms.{name}.client" for name in ("coding", "gitcode", "gitee")]


def test_the_package_says_that_it_is_typed() -> None:
    assert (Path(matou.__file__).parent / "py.typed").is_file()


def test_importing_matou_loads_no_client() -> None:
    program = "import sys, matou; print([name for name in sys.modules if name in {'urllib3', 'msgspec', 'typing'}])"

    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_what_is_not_offered_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="GitHub"):
        matou.GitHub  # type: ignore[attr-defined]  # noqa: B018 - looking is the test
