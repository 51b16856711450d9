"""Makes `src/matou/git/operations/linguist.json` from a checkout of https://github.com/github-linguist/linguist.

    python tests/support/linguist_rules.py FOLDER_OF_LINGUIST

What a rule looks for stays linguist's text; only the shape is ours. The file names the version that it was made from.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from matou.linear_regex import NotAPattern, compile_linear

RULES = Path(__file__).parents[2] / "src" / "matou" / "git" / "operations" / "linguist.json"


def main(linguist: Path) -> None:
    folder = linguist / "lib" / "linguist"
    read = {name: yaml.safe_load((folder / f"{name}.yml").read_text()) for name in NAMES}
    rules = {
        "version": (folder / "VERSION").read_text().strip(),
        "license": (linguist / "LICENSE").read_text(),
        "languages": {name: _language(answered_with) for name, answered_with in read["languages"].items()},
        "popular": read["popular"],
        "vendored": read["vendor"],
        "documentation": read["documentation"],
        "heuristics": list(_heuristics(read["heuristics"])),
    }
    RULES.write_text(json.dumps(rules, ensure_ascii=False, indent=0, sort_keys=True) + "\n")


NAMES = ("languages", "popular", "vendor", "documentation", "heuristics")


def _language(answered_with: dict[str, Any]) -> dict[str, Any]:
    kinds = ("group", "aliases", "extensions", "filenames", "interpreters")
    return {"type": answered_with["type"], **{kind: answered_with[kind] for kind in kinds if answered_with.get(kind)}}


def _heuristics(answered_with: dict[str, Any]) -> Iterator[dict[str, Any]]:
    named = answered_with["named_patterns"]
    for block in answered_with["disambiguations"]:
        rules = [
            {
                "languages": _texts(rule["language"]),
                "tests": [test for part in _parts(rule) for test in _tests(part, named)],
            }
            for rule in block["rules"]
        ]
        yield {"extensions": block["extensions"], "rules": [rule for rule in rules if _is_usable(rule)]}


def _is_usable(rule: dict[str, Any]) -> bool:
    """Not where a pattern looks around itself, which an engine of linear time cannot."""
    try:
        for _, pattern in rule["tests"]:
            compile_linear(pattern, lines=True)
    except NotAPattern as error:
        print(f"left out, of {rule['languages']}: {error}", file=sys.stderr)
        return False
    return True


def _parts(rule: dict[str, Any]) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = rule.get("and", [rule])
    return parts


def _tests(part: dict[str, Any], named: dict[str, Any]) -> Iterator[list[Any]]:
    """Whether a pattern is to be found, and the pattern."""
    if "named_pattern" in part:
        yield [True, _union(named[part["named_pattern"]])]
    if "pattern" in part:
        yield [True, _union(part["pattern"])]
    if "negative_pattern" in part:
        yield [False, _union(part["negative_pattern"])]


def _union(patterns: str | list[str]) -> str:
    return "|".join(f"(?:{pattern})" for pattern in _texts(patterns))


def _texts(answered_with: str | list[str]) -> list[str]:
    return [answered_with] if isinstance(answered_with, str) else answered_with


if __name__ == "__main__":
    main(Path(sys.argv[1]))
