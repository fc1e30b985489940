"""The matcher role: `loop.py` owns shards by lease, `shard.py` runs the pool of one and commits what it found."""
