"""How much room an archive takes, and how it is given less: runs are forgotten, and what only they reached is freed."""
