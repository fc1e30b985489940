"""The wire: what clients and servers say to each other, and nothing about how it travels.

`client.py` and `server.py` hold the messages, `codes.py` the close and error codes,
`codec.py` turns frames into messages and back.
TypeScript types and the JSON Schema are generated from here (`make generate`), so this package
is the one place where a word of the protocol is chosen.
It must not know sockets, stores or clocks.
"""
