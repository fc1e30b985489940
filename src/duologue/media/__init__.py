"""The media servers behind `ports.Media`: `livekit.py` the real one, `fake.py` for tests and text-only.

`child.py` is the LiveKit server that `duologue dev` starts, `livekit_config.py` its configuration.
"""
