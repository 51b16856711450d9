"""What was said around a namespace is for its members: it goes where only they see it, or nowhere."""

from types import SimpleNamespace
from typing import Any

import pytest

from matou.model.platform import Visibility
from matou.transfer.migrate.conversation import conversations
from matou.transfer.migrate.conversation.report import ConversationReport

SECRET, OPEN = Visibility.PRIVATE, Visibility.PUBLIC


class Saved(SimpleNamespace):
    def has(self, _kind: object) -> bool:
        return True


def saved(path: str, *, is_of_namespace: bool = False) -> Any:
    return Saved(line=SimpleNamespace(path=path), is_of_namespace=is_of_namespace)


def move(path: str, visibility: Visibility) -> Any:
    return SimpleNamespace(
        candidate=SimpleNamespace(line=SimpleNamespace(path=path), is_wiki=False), visibility=visibility
    )


def written(
    monkeypatch: pytest.MonkeyPatch, *moves: Any, of_repositories: tuple[str, ...] = ()
) -> dict[str, tuple[list[str], ConversationReport | None]]:
    """By the paths of the moves: whose conversations are written there, and the report."""
    everything = [*map(saved, of_repositories), saved("shop", is_of_namespace=True)]
    monkeypatch.setattr(conversations, "list_metadata", lambda _archive: SimpleNamespace(saved=everything))
    monkeypatch.setattr(conversations, "other_repository_with", lambda *_: None)
    monkeypatch.setattr(conversations, "name_of_source", lambda saved: saved.line.path)
    options = SimpleNamespace(language="en", keeps_numbers=None)
    writing: Any = SimpleNamespace(platform_title=str, platform="x", url="https://x.example", options=options)
    there = conversations.Conversations(None, writing, moves, None, "")  # type: ignore[arg-type]
    found: dict[str, tuple[list[str], ConversationReport | None]] = {}
    for one in moves:
        names: list[str] = []

        def keep(conversation: Any, _repository: object, names: list[str] = names) -> ConversationReport:
            names += [saved.line.path for saved in conversation.saved]
            return ConversationReport()

        monkeypatch.setattr(there, "_write", keep)
        repository: Any = SimpleNamespace(visibility=one.visibility, id="1")
        report = there.write(one, repository, (), is_private=one.visibility is SECRET)
        found[one.candidate.line.path] = names, report
    return found


def test_it_does_not_go_where_others_see_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = written(monkeypatch, move("shop/web", OPEN), of_repositories=("shop/web",))

    names, report = found["shop/web"]
    assert names == ["shop/web"]
    assert report is not None
    assert sum(report.lost.values()) == 1
    assert "for its members" in str(next(iter(report.lost)))


def test_where_there_is_nothing_else_that_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    names, report = written(monkeypatch, move("shop/web", OPEN))["shop/web"]

    assert names == []
    assert report is not None
    assert sum(report.lost.values()) == 1


def test_it_goes_to_the_first_one_that_only_members_see(monkeypatch: pytest.MonkeyPatch) -> None:
    found = written(monkeypatch, move("shop/a", OPEN), move("shop/shop", OPEN), move("shop/z", SECRET))

    assert {path: names for path, (names, _report) in found.items()} == {
        "shop/a": [],
        "shop/shop": [],
        "shop/z": ["shop"],
    }
