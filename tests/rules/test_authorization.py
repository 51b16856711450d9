"""Use cases of the hosting server take what was authorized, and no bare rows (docs/decisions/authorization.md)."""

import ast
import re
from pathlib import Path

from support.source_trees import tree_of

FORGE = Path(__file__).parents[2] / "src" / "matou" / "forge"

NAMED = "somebody who is named: whom a role, a fork or a list is about, or who made something"
SEEN = "read through the filter of the identity that it takes too, or of that identity itself"
FAULT = "makes an error, or an event in its caller's transaction, and reads nothing"
PART = "a part of a use case that takes what was authorized"

BARE = {
    "maintenance.bucket_packing.repack": "nobody asked for it: the server does it by itself",
    "maintenance.bucket_packing.tidy_bucket": "nobody asked for it: the server does it by itself",
    "push.bucket_commit.until_unmoved": "around use cases that take what was authorized",
    "repositories.repository_storage.deleted": "a part of use cases that take what was authorized",
    "repositories.repository_storage.renamed": "a part of use cases that take what was authorized",
    "accounts.audit.record_act_on_another": "notes what a use case does that takes what was authorized",
    "accounts.members.add_member": NAMED,
    "accounts.members.find_member": NAMED,
    "accounts.members.memberships_of": "for the command line, and for an account itself",
    "accounts.members.own_role": SEEN,
    "accounts.members.owner_of": "whose a namespace is is told with its name, to a token for teams too",
    "accounts.members.remove_member": NAMED,
    "accounts.namespaces.create_organization": "for the command line: no platform's API makes one here",
    "accounts.namespaces.create_project": NAMED,
    "accounts.namespaces.namespaces_of": SEEN,
    "accounts.namespaces.read_icon": "an icon is shown to whoever has its address, which holds its digest",
    "accounts.namespaces.visible_children": SEEN,
    "accounts.signing_keys.no_such_key": FAULT,
    "content.branches.person_of": NAMED,
    "content.history.listed_branch": PART,
    "content.history.listed_tag": PART,
    "content.search_in_all.search_in_all": "lists what is seen; what looks into one decides on its code for itself",
    "conversation.conversation.item_visibility": SEEN,
    "conversation.overview.find_wiki": "decides on the wiki itself: what it is beside says nothing",
    "conversation.overview.item_states": SEEN,
    "conversation.overview.saved_kinds": SEEN,
    "conversation.overview.saved_kinds_of_project": SEEN,
    "conversation.overview.saved_kinds_then": SEEN,
    "maintenance.commit_graphs.walking": "the server's own upkeep, which shows nothing to anybody",
    "maintenance.commit_graphs.write_graph": "the server's own upkeep, which shows nothing to anybody",
    "maintenance.packing.pack_if_many": "the server's own upkeep, which shows nothing to anybody",
    "maintenance.upkeep.enqueue_now_and_then": "the server's own upkeep, which shows nothing to anybody",
    "maintenance.upkeep.enqueue_upkeep": "the server's own upkeep, which shows nothing to anybody",
    "maintenance.packing.pack_repository": "the server's own upkeep, which shows nothing to anybody",
    "push.lfs.link": PART,
    "repositories.customized_roles.no_such_role": FAULT,
    "repositories.events.record_event": FAULT,
    "repositories.first_commit.commit_first": NAMED,
    "repositories.creation.begin_repository": NAMED,
    "repositories.creation.create_repository": NAMED,
    "repositories.creation.import_repository": NAMED,
    "repositories.creation.new_repository": PART,
    "repositories.creation.publish_repository": PART,
    "repositories.creation.require_free": PART,
    "repositories.creation.require_free_early": PART,
    "repositories.remote_imports.import_from": NAMED,
    "repositories.repository_lists.own_repositories": SEEN,
    "repositories.repository_lists.repository_facts": SEEN,
    "repositories.repository_lists.visible_repositories": SEEN,
    "repositories.repository_members.find_member": NAMED,
    "repositories.repository_members.no_such_member": FAULT,
    "repositories.repository_members.remove_member": NAMED,
    "repositories.repository_members.set_member": NAMED,
    "repositories.settings.applied_settings": "acts by them whoever asks, and shows them to nobody",
    "repositories.stars.marked_repositories": SEEN,
    "repositories.repository_moves.move_repository": "where to, which its callers have authorized for themselves",
    "repositories.repository_moves.require_unmoved": PART,
    "repositories.write_lock.write_lock": PART,
}
"""Who takes a row all the same, and why that is no way around the decision."""


def takes_a_row(function: ast.FunctionDef) -> bool:
    arguments = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    annotations = [ast.unparse(each.annotation) for each in arguments if each.annotation is not None]
    bare = (re.sub(r"Authorized\[[^\]]*\]", "", annotation) for annotation in annotations)
    return any(re.search(r"\b(Repository|Namespace|User)\b", annotation) for annotation in bare)


def use_cases() -> dict[str, ast.FunctionDef]:
    return {
        ".".join((*path.relative_to(FORGE).with_suffix("").parts, node.name)): node
        for path in FORGE.rglob("*.py")
        if path.relative_to(FORGE).parts[0] != "access"
        for node in tree_of(path).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }


def test_a_use_case_takes_what_was_authorized_and_no_bare_row() -> None:
    bare = {name for name, function in use_cases().items() if takes_a_row(function)}

    forgotten = sorted(bare - BARE.keys())
    assert not forgotten, "take Authorized[...] in place of the row, or say here why not"
    assert not sorted(BARE.keys() - bare), "these take no bare row any more: take them off the list"


def test_nothing_that_comes_over_the_network_is_granted_to_the_operator() -> None:
    server = FORGE.parent / "server"
    assert [path for path in server.rglob("*.py") if "granted_to_operator" in path.read_text(encoding="utf-8")] == []
