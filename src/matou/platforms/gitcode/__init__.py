"""GitCode, which AtomGit's API is as well: its v5 REST API in our words and in its own."""
