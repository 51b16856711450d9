"""Keys for signed commits, registered by the person who runs the server."""

import json
from pathlib import Path

from support.program import Person
from support.signing import new_key


def test_a_key_is_registered_listed_and_taken_away(person: Person, tmp_path: Path) -> None:
    root, key, other = tmp_path / "server", new_key("li@example.com"), new_key("li@example.com", name="李雷")
    person.matou(
        "user", "add", "li", "--email", "li@example.com", "--root", root, "--password-stdin", stdin="a b c d e\n"
    )
    (tmp_path / "key.asc").write_text(other.public)

    first = person.matou("key", "add", "--user", "li", "--root", root, stdin=key.public).out.strip()
    second = person.matou("key", "add", "--user", "li", "--root", root, tmp_path / "key.asc").out.strip()
    rows = json.loads(person.matou("key", "list", "--user", "li", "--root", root, "--json").out)
    person.matou("key", "remove", second, "--user", "li", "--root", root)

    assert [(str(row["id"]), row["fingerprint"], row["emails"]) for row in rows] == [
        (first, key.fingerprint, ["li@example.com"]),
        (second, other.fingerprint, ["li@example.com"]),
    ]
    assert person.matou("key", "list", "--user", "li", "--root", root).out.split() == [
        first,
        key.fingerprint,
        "li@example.com",
    ]


def test_what_is_no_key_and_who_is_no_account_are_said_so(person: Person, tmp_path: Path) -> None:
    root = tmp_path / "server"
    person.matou(
        "user", "add", "li", "--email", "li@example.com", "--root", root, "--password-stdin", stdin="a b c d e\n"
    )

    no_key = person.matou("key", "add", "--user", "li", "--root", root, stdin="hello", code=2)
    nobody = person.matou("key", "list", "--user", "han", "--root", root, code=2)
    no_file = person.matou("key", "add", "--user", "li", "--root", root, tmp_path / "nothing", code=2)

    assert "public OpenPGP key" in no_key.err
    assert "han" in nobody.err
    assert "Traceback" not in no_key.err + nobody.err + no_file.err
