"""Git: its children, its wire protocol, its refs on disk, and what a mirror needs of them."""
