"""The integrators as the outside world has them: where their keys are, and the office that knows them all.

The rules of their tokens are in `services/issuers.py`; nothing here decides who comes in.
"""
