"""What `import matou` gives, and what it costs."""

import subprocess
import sys

import pytest

import matou


def test_the_client_is_there_for_whoever_imports_it() -> None:
    from matou import GitCode

    assert GitCode.__module__.startswith("matou.platforms.gitcode")


def test_importing_matou_loads_no_client() -> None:
    program = "import sys, matou; print([name for name in sys.modules if name in {'urllib3', 'msgspec', 'typing'}])"

    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_what_is_not_offered_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="GitHub"):
        matou.GitHub  # type: ignore[attr-defined]  # noqa: B018 - looking is the test
