"""Signatures as https://www.standardwebhooks.com says."""

from __future__ import annotations

import base64

import pytest

from duologue.hooks_out.signing import read_secrets, signed

KNOWN = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(b"another secret of 32 characters.").decode()


def test_the_signature_is_that_of_the_libraries() -> None:
    """A vector that implementations of the scheme share."""
    headers = signed("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', 1_614_265_330_999, read_secrets(KNOWN))

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_every_secret_signs() -> None:
    """So a receiver may know the old one or the new one while they change."""
    both = signed("a", b"{}", 1_000, read_secrets(f"{KNOWN}\n{OTHER}\n"))["webhook-signature"].split(" ")

    assert both == [signed("a", b"{}", 1_000, read_secrets(secret))["webhook-signature"] for secret in (KNOWN, OTHER)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "0 secrets"),
        (" ".join([KNOWN] * 6), "6 secrets"),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "begins with whsec_"),
        ("whsec_%%%", "no base64"),
        ("whsec_" + "A" * 28, "this one 21"),
        ("whsec_" + "A" * 88, "this one 66"),
    ],
)
def test_what_is_no_secret_is_refused_with_its_fix(text: str, words: str) -> None:
    """And the text does not hold it."""
    with pytest.raises(ValueError, match="openssl rand") as refused:
        read_secrets(text)

    assert words in str(refused.value)
    assert "MfKQ" not in str(refused.value)
