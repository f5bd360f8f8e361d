"""What the pass `fuse` is made of: index patterns, deferred statements, levels, loop nests."""
