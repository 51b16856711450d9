"""Git and LFS over HTTP: clones, fetches, pushes and their reports, the LFS batch, transfers and locks."""
