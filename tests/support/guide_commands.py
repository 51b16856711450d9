"""The commands of a page of the guide, to be followed as they stand there."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from support.program import Person

GUIDE = Path(__file__).parents[2] / "docs" / "guide"


def commands_of(page: str, heading: str) -> list[str]:
    """The blocks of commands below a heading, in their order."""
    text = (GUIDE / page).read_text()
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    assert blocks, f"{page} has no commands below {heading}"
    return blocks


def follow(person: Person, commands: str, paths: Mapping[str, str]) -> None:
    """Run them with other paths. What starts and stops services is left to the test."""
    for written, meant in paths.items():
        commands = commands.replace(written, meant)
    # From elsewhere, where a `matou` beside `python` would be found as it is in tests.
    script = f"set -eu\nsystemctl() {{ :; }}\n{commands}"
    ended = subprocess.run(["sh", "-c", script], env=person.variables(), capture_output=True, text=True, timeout=170)
    assert ended.returncode == 0, f"{commands}\nended with {ended.returncode}:\n{ended.stderr}"
