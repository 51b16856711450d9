"""What the platforms share: how an API is asked, its answers read, its lists brought to their end."""
