"""Settings of repositories and namespaces, for whoever may change them."""
