"""What the roles do for people, in terms of ports only.

`identity.py` who somebody is, `lobby.py` waiting and moving on, `pairs.py` rooms and the end of
pairs, `aliases.py` what strangers are called.
"""
