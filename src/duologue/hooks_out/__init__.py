"""Tells servers of the operator what happens to direct calls, by signed webhooks, so that they can wake phones.

● `message.py` says what is told of which call, ● `signing.py` proves that it is from us, ● `schedule.py` says how long
to try, ● `reach.py` which addresses we connect to. `door.py` sends, and is the only file that knows HTTP,
`deliveries.py` keeps what one server has to hear until it has heard, `opening.py` makes them all from the settings.
Must not know gateways, sockets or how a call goes on.
"""
