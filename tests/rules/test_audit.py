"""What is done to accounts, roles, namespaces and repositories is noted by the use case that does it."""

import ast
from pathlib import Path

from support.source_trees import tree_of

FORGE = Path(__file__).parents[2] / "src" / "matou" / "forge"
FOLDERS = ("accounts", "repositories")

OWN = "what somebody does with their own account is theirs"
CONTENT = "what is in a repository or said of it, which its events tell of"

NOT_NOTED = {
    "accounts.labels.create_label": CONTENT,
    "accounts.preferences.set_preferences": OWN,
    "accounts.sessions.change_own_password": OWN,
    "accounts.link_keys._newest": "a key of the servers' own, which nobody asked for",
    "accounts.sessions.end_session": OWN,
    "accounts.sessions.sign_in": OWN,
    "accounts.sessions.start_session": OWN,
    "accounts.signing_keys._update": "the same key, which its owner has made better or has revoked",
    "accounts.tokens._create_robot": "for the token that is noted with it",
    "accounts.users.set_display_name": OWN,
    "repositories.creation.publish_repository": CONTENT,
    "repositories.stars.put_mark": OWN,
    "repositories.stars.remove_mark": OWN,
}


def calls_of(function: ast.FunctionDef) -> set[str]:
    calls = [each.func for each in ast.walk(function) if isinstance(each, ast.Call)]
    named = {call.id for call in calls if isinstance(call, ast.Name)}
    return named | {call.attr for call in calls if isinstance(call, ast.Attribute)}


def writers() -> dict[str, bool]:
    """Functions that write to the database, and whether they note what they do."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((FORGE / folder).glob("*.py")):
            for each in tree_of(path).body:
                if isinstance(each, ast.FunctionDef) and "begin_write" in (calls := calls_of(each)):
                    name = f"{folder}.{path.stem}.{each.name}"
                    found[name] = not calls.isdisjoint({"record_act", "record_act_on_another"})
    return found


def test_each_that_writes_notes_what_it_does() -> None:
    found = writers()

    assert len(found) > 25
    assert {name for name, is_noted in found.items() if not is_noted} == NOT_NOTED.keys()


def test_nothing_changes_what_was_noted() -> None:
    text = (FORGE.parent / "db" / "audit_log.py").read_text()
    users = [path for path in FORGE.parent.rglob("*.py") if "schema import audit_log" in path.read_text()]

    assert [path.name for path in users] == ["audit_log.py"]
    assert "insert(audit_log)" in text
    assert "update(" not in text
    assert "delete(" not in text
