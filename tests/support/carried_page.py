"""Keeps the table of what arrives where, in both languages: made of the platforms' records, as the plan is.

`make messages` writes it, and a rule holds it, and that behind each cell there is a test.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = {
    "en": ROOT / "docs" / "guide" / "carried.md",
    "zh": ROOT / "docs" / "guide" / "carried.zh-CN.md",
}
LOCALES: Final = {"en": "C.UTF-8", "zh": "zh_CN.UTF-8"}
BEGIN: Final = "<!-- The rest is made by `make messages` of what the plan of a migration is made of. -->\n"

_PULLS: Final = "tests/peers/test_gitea_pulls.py"
_ALL: Final = "test_everything_arrives_is_proven_and_is_left_alone_the_second_time"
_IMPORTS: Final = f"tests/peers/test_gitea_imports.py::{_ALL}"
_MOVER: Final = "tests/integration/transfer/test_pull_mover.py"
_ENGINE: Final = "tests/integration/transfer/test_written_conversation.py"
STAYS: Final = f"{_MOVER}::test_the_plan_is_told_before_anything_is_done"
"""Behind each cell that says that something stays in the archive: it is counted there, and nowhere else."""

TESTS: Final[Mapping[str, Mapping[str, str]]] = {
    "pull": {
        "code": f"{_PULLS}::test_every_branch_and_tag_is_the_same",
        "lfs": "tests/contracts/test_gitea_target.py::test_an_import_asks_for_everything_that_the_importer_offers",
        "wiki": "tests/peers/test_gitea_imports.py::test_a_wiki_comes_with_its_repository",
        "issue": f"{_PULLS}::test_issues_keep_their_numbers_times_and_states",
        "project-issue": "tests/peers/test_team_through_gitea.py"
        "::test_a_project_has_its_issues_in_a_repository_of_their_own",
        "comment": f"{_PULLS}::test_comments_arrive_at_their_times",
        "open-change": _IMPORTS,
        "closed-change": f"{_PULLS}::test_a_merged_change_request_is_merged_at_its_time",
        "review": f"{_PULLS}::test_reviews_and_what_was_said_on_lines_stand_on_those_lines",
        "line-comment": f"{_PULLS}::test_reviews_and_what_was_said_on_lines_stand_on_those_lines",
        "label": _IMPORTS,
        "milestone": f"{_PULLS}::test_issues_keep_their_numbers_times_and_states",
        "release": f"{_PULLS}::test_releases_arrive_with_the_bytes_of_their_files",
        "asset": f"{_PULLS}::test_releases_arrive_with_the_bytes_of_their_files",
        "assignee": f"{_MOVER}::test_those_are_assigned_whom_a_person_named",
    },
    "rest": {
        "code": "tests/integration/transfer/test_migrate.py"
        "::test_a_repository_arrives_with_all_its_branches_tags_and_notes",
        "lfs": "tests/integration/transfer/test_migrate.py"
        "::test_large_files_arrive_before_the_commits_that_point_at_them",
        "wiki": "tests/integration/transfer/test_migrate_names.py::test_a_wiki_keeps_a_name_that_tells_what_it_is",
        "project-issue": "tests/integration/transfer/test_migrate_conversation.py"
        "::test_a_projects_issues_go_to_one_repository_of_it",
        "project-wiki": "tests/integration/transfer/test_written_wiki.py"
        "::test_each_page_stands_below_the_one_that_it_was_below",
        "assignee": f"{_ENGINE}::test_only_people_that_were_named_are_assigned",
    },
}
"""By method and kind; of what a platform's own part writes, see `WRITTEN`."""

WRITTEN: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("cnb", "coding", "github"),
        "tests/integration/transfer/test_conversation_at_platforms.py::test_all_that_was_said_arrives",
    ),
    "gitcode": "tests/contracts/test_gitcode_written_conversation.py::test_everything_arrives",
    "gitee": "tests/contracts/test_gitee_written_conversation.py::test_everything_arrives",
    "gitea": "tests/peers/test_gitea_written.py::test_nothing_is_missing_and_all_is_as_it_was_sent",
    "gitlab": "tests/contracts/test_gitlab_target.py::test_a_bit_of_everything_is_written_once",
}
"""By platform: one story with a bit of every kind, written by the engine to that platform's API."""


def written(page: str, language: str) -> str:
    """The page with the tables as they should be."""
    head, marker, _ = page.partition(BEGIN)
    assert marker, "the page has no place for the tables"
    return head + marker + tables(language)


def tables(language: str) -> str:
    """From the sources, in a process of its own: the program says its words in one language a process."""
    environment = {
        **os.environ,
        "LC_ALL": LOCALES[language],
        "PYTHONPATH": str(ROOT / "src"),
        "PYTHONIOENCODING": "utf-8",
    }
    command = [sys.executable, __file__, language]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, encoding="utf-8").stdout


def cells() -> Iterator[tuple[str, str, str]]:
    """Platform, method and kind of each cell whose method has tests: what is not tried is not promised."""
    from matou.platforms.registry import PLATFORMS

    for name, platform in PLATFORMS.items():
        for method, table in platform.methods.items():
            if method.value in TESTS:
                yield from ((name, method.value, kind.value) for kind in table)


def test_behind(platform: str, method: str, kind: str, *, arrives: bool) -> str:
    if not arrives:
        return STAYS
    return TESTS[method].get(kind) or (WRITTEN[platform] if method == "rest" else "")


test_behind.__test__ = False  # type: ignore[attr-defined]


def exists(test: str) -> bool:
    path, _, name = test.partition("::")
    file = ROOT / path
    return file.is_file() and re.search(rf"^ *def {name}\(", file.read_text(encoding="utf-8"), re.MULTILINE) is not None


def _pages() -> Iterator[str]:
    from matou.i18n import gettext as _
    from matou.i18n import localize
    from matou.model.fidelity import CODE_ALONE, MigratedKind, MigrationMethod
    from matou.platforms.registry import PLATFORMS
    from matou.transfer.migrate.carried import KIND_NAMES, CarriedKind

    columns = [
        (f"{platform.title}, `--by {method.value}`", platform.methods[method])
        for platform in PLATFORMS.values()
        for method in (MigrationMethod.PULL, MigrationMethod.REST)
        if method in platform.methods
    ]
    yield f"\n| {_('what')} | {' | '.join(title for title, _table in columns)} | `--by git` |\n"
    yield "|---" * (len(columns) + 2) + "|\n"
    for kind in MigratedKind:
        manners = [CarriedKind(kind, table[kind], 0, 0).manner for _title, table in (*columns, ("", CODE_ALONE))]
        yield f"| {localize(KIND_NAMES[kind])} | {' | '.join(map(localize, manners))} |\n"


def main() -> None:
    """With a language: print the tables in it; without one: write them into the pages."""
    if len(sys.argv) > 1:
        sys.stdout.write("".join(_pages()))
        return
    for language, path in PAGES.items():
        path.write_text(written(path.read_text(encoding="utf-8"), language), encoding="utf-8")


if __name__ == "__main__":
    main()
