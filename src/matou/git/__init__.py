"""Git: its processes, its wire protocol, its objects, its refs, and what is done with a repository as a whole."""
