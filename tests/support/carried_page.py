"""Keeps the table of what arrives where, in both languages: made of the platforms' records, as the plan is.

`make messages` writes it, and a rule holds it, and that behind each cell there is a test.
"""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matou.archive.metadata import MetadataTree

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


_OPTION: Final = "test_events_are_asked_for_only_where_they_are_wanted"
_DONE: Final = "test_what_was_done_is_read_where_it_is_wanted"
_OF: Final = "tests/integration/transfer/test_metadata_of_"
_SAVED: Final = "test_what_the_guide_says_of_it_is_what_is_saved_of_it"
SOURCE_TESTS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("coding", "gitee", "gitcode", "github"),
        "tests/contracts/test_metadata_backups.py::test_what_the_guide_says_of_a_source_is_what_is_saved_of_it",
    ),
    "gitlab": f"{_OF}gitlab.py::{_SAVED}",
    "gitea": f"{_OF}gitea.py::{_SAVED}",
}
"""By source: a story with a bit of every kind, saved, in which there is what the page says and nothing else."""

ELSEWHERE_TESTS: Final[Mapping[tuple[str, str], str]] = {
    ("gitee", "project-issue"): "tests/contracts/test_gitee_metadata.py"
    "::test_issues_of_an_enterprise_that_belong_to_no_repository_belong_to_its_namespace",
    ("github", "commit-comment"): f"{_OF}github.py::test_comments_on_commits_are_saved_with_their_places",
    ("github", "release-draft"): f"{_OF}github.py::test_drafts_of_one_tag_are_all_saved",
    ("gitea", "release-draft"): "tests/peers/test_gitea_written.py::test_nothing_is_missing_and_all_is_as_it_was_sent",
    ("gitee", "event"): f"tests/contracts/test_gitee_metadata.py::{_OPTION}",
    ("gitcode", "event"): f"tests/contracts/test_gitcode_metadata.py::{_OPTION}",
    ("github", "board"): "tests/integration/transfer/test_more_of_github.py::test_projects_are_boards",
    ("github", "discussion"): "tests/integration/transfer/test_more_of_github.py"
    "::test_discussions_come_with_all_that_was_said_in_them",
    (
        "github",
        "advisory",
    ): "tests/integration/transfer/test_more_of_github.py::test_advisories_are_saved_from_every_page",
    ("gitlab", "reaction"): "tests/integration/transfer/test_more_of_gitlab.py::test_emoji_come_where_they_are_wanted",
    ("github", "event"): f"{_OF}github.py::{_DONE}",
    ("gitlab", "event"): f"{_OF}gitlab.py::{_DONE}",
    ("gitea", "event"): f"{_OF}gitea.py::{_DONE}",
}
"""What those stories do not have."""


def assert_as_the_guide_says(platform: str, tree: "MetadataTree", around: "Sequence[MetadataTree]" = ()) -> None:
    """Of each kind that a source tells there is something in what was saved, and of no other.

    Args:
        around: of the namespace.
    """
    from matou.platforms.registry import PLATFORMS
    from matou.transfer.migrate.inventory import Carriable, inventory_of, of_project

    support = PLATFORMS[platform].metadata
    assert support is not None
    found = Counter(inventory_of(tree, Carriable()))
    for one in around:
        found.update(of_project(inventory_of(one, Carriable())))
    saved = {kind.value for kind, count in found.items() if count}
    saved |= {"open-change"} if "closed-change" in saved else set()  # one list has both
    promised = {kind.value for kind in support.tells}
    elsewhere = {kind for name, kind in ELSEWHERE_TESTS if name == platform}
    assert saved - promised - elsewhere == set(), "the page denies what is saved"
    assert promised - saved - elsewhere == set(), "the page promises what the story does not have"


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


WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "sources": "What each source gives",
        "yes": "yes",
        "to": "To {platform}",
        "rest": "In the archive alone: {kinds}.",
        "between": ", ",
    },
    "zh": {
        "sources": "各来源提供哪些内容",
        "yes": "有",
        "to": "送往 {platform}",
        "rest": "只留在归档库中：{kinds}。",
        "between": "、",
    },
}


def _pages(words: Mapping[str, str]) -> Iterator[str]:
    yield from _sources(words)
    yield from _targets(words)


def _sources(words: Mapping[str, str]) -> Iterator[str]:
    from matou.i18n import gettext as _
    from matou.i18n import localize
    from matou.model.fidelity import MigratedKind
    from matou.platforms.registry import PLATFORMS
    from matou.transfer.migrate.carried import KIND_NAMES

    code = {MigratedKind.CODE, MigratedKind.LFS, MigratedKind.WIKI}
    sources = [platform for platform in PLATFORMS.values() if platform.metadata is not None]
    yield f"\n## {words['sources']}\n\n"
    yield f"| {_('what')} | {' | '.join(platform.title for platform in sources)} |\n{'|---' * (len(sources) + 1)}|\n"
    for kind in MigratedKind:
        cells = []
        for support in (platform.metadata for platform in sources):
            assert support is not None
            is_given = kind in code or kind in support.tells
            cells.append(words["yes"] if is_given else "`--with`" if kind in support.tells_by_option else "–")
        if any(cell != "–" for cell in cells):
            yield f"| {localize(KIND_NAMES[kind])} | {' | '.join(cells)} |\n"


def _targets(words: Mapping[str, str]) -> Iterator[str]:
    from matou.i18n import gettext as _
    from matou.i18n import localize
    from matou.model.fidelity import CODE_ALONE, MigratedKind, MigrationMethod
    from matou.platforms.registry import PLATFORMS, TARGETS
    from matou.transfer.migrate.carried import KIND_NAMES, CarriedKind

    for platform in PLATFORMS.values():
        if platform.name not in TARGETS:
            continue
        offered = [
            (f"`--by {method.value}`", platform.methods[method])
            for method in (MigrationMethod.PULL, MigrationMethod.REST)
            if method in platform.methods
        ] or [("`--by git`", CODE_ALONE)]
        arrives = [kind for kind in MigratedKind if any(table[kind].arrives for _title, table in offered)]
        yield f"\n## {words['to'].format(platform=platform.title)}\n\n"
        yield f"| {_('what')} | {' | '.join(title for title, _table in offered)} |\n{'|---' * (len(offered) + 1)}|\n"
        for kind in arrives:
            manners = [CarriedKind(kind, table[kind], 0, 0).manner for _title, table in offered]
            yield f"| {localize(KIND_NAMES[kind])} | {' | '.join(map(localize, manners))} |\n"
        rest = [localize(KIND_NAMES[kind]) for kind in MigratedKind if kind not in arrives]
        text = words["rest"].format(kinds=words["between"].join(rest))
        yield f"\n{fill(text, 118, break_long_words=False, break_on_hyphens=False)}\n"


def main() -> None:
    """With a language: print the tables in it; without one: write them into the pages."""
    if len(sys.argv) > 1:
        sys.stdout.write("".join(_pages(WORDS[sys.argv[1]])))
        return
    for language, path in PAGES.items():
        path.write_text(written(path.read_text(encoding="utf-8"), language), encoding="utf-8")


if __name__ == "__main__":
    main()
