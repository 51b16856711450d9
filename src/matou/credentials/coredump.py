"""What the kernel writes down of a process that crashes: everything, and so its secrets."""

import resource

NO_CORE_AT_ALL = 1
"""Bytes. At 0 a core still goes to a program that catches them (`core_pattern` with a `|`); at 1 Linux makes none."""


def leave_no_core() -> None:
    """From now on this process leaves no core, whatever kills it; may be called again. Children ask for their own."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    limit = NO_CORE_AT_ALL if most == resource.RLIM_INFINITY or most >= NO_CORE_AT_ALL else 0
    resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))
