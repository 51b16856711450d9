"""Git's wire protocol: what a client and a server say and read; nothing here connects."""
