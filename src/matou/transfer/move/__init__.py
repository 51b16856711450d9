"""An archive is moved from a folder into a bucket, or back: all of it is there and was read again before it counts."""
