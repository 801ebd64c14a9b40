from __future__ import annotations

import pytest

from simulator.server.origins import is_foreign_page, is_page_of_elsewhere

HOST = "localhost:5055"


def headers(host: str | None, origin: str | None, site: str | None) -> dict[str, str]:
    given = {"host": host, "origin": origin, "sec-fetch-site": site}
    return {name: value for name, value in given.items() if value is not None}


@pytest.mark.parametrize(
    ("host", "origin", "site"),
    [
        (HOST, None, None),  # a program
        ("gateway.example:5055", None, None),  # a program, under whatever name
        (None, None, None),
        (HOST, None, "none"),  # typed into the address bar
        (HOST, None, "same-origin"),
        (HOST, f"https://{HOST}", "same-origin"),
        (HOST, f"http://{HOST}", None),  # a websocket's program names its own address
        ("LOCALHOST:5055", f"https://{HOST}", None),
        (HOST, "null", "same-origin"),
        ("gateway:5055", "https://gateway:5055", None),
        ("10.0.0.7:5055", "https://10.0.0.7:5055", None),
        ("[fd00::7]:5055", "https://[fd00::7]:5055", None),
        ("host.docker.internal:5055", "https://host.docker.internal:5055", None),
    ],
)
def test_programs_and_own_pages_are_at_home(host: str | None, origin: str | None, site: str | None) -> None:
    assert not is_foreign_page(headers(host, origin, site))


@pytest.mark.parametrize(
    ("host", "origin", "site"),
    [
        (HOST, "https://evil.example", None),
        (HOST, "https://evil.example", "cross-site"),
        (HOST, None, "cross-site"),
        (HOST, None, "same-site"),  # another port of this machine
        (HOST, "http://localhost:3000", None),
        (HOST, f"https://{HOST}", "cross-site"),
        (HOST, "null", None),
        (HOST, "null", "none"),
        (HOST, "", None),
        (HOST, f"https://{HOST}, https://evil.example", None),
        (HOST, f"https://user@{HOST}", None),
        (HOST, "http://[x", None),
        (HOST, "file://", None),
        (None, f"https://{HOST}", None),
        ("evil.example:5055", "https://evil.example:5055", None),  # its name leads here
        ("evil.example:5055", "https://evil.example:5055", "same-origin"),
        ("127.0.0.1.nip.io:5055", "https://127.0.0.1.nip.io:5055", None),
        ("localhost.evil.example", "https://localhost.evil.example", None),
    ],
)
def test_pages_of_other_sites_are_foreign(host: str | None, origin: str | None, site: str | None) -> None:
    assert is_foreign_page(headers(host, origin, site))
    assert is_page_of_elsewhere(headers(host, origin, site))


def test_control_is_for_pages_of_this_machine_alone() -> None:
    assert not is_page_of_elsewhere(headers(HOST, f"https://{HOST}", "same-origin"))
    assert not is_page_of_elsewhere(headers(HOST, None, None))
    assert is_page_of_elsewhere(headers("gateway:5055", "https://gateway:5055", None))
    assert is_page_of_elsewhere(headers(HOST, "null", "same-origin"))


@pytest.mark.parametrize(
    ("referer", "more", "foreign"),
    [
        ("https://evil.example/page", {}, True),
        ("http://localhost:3000/", {}, True),
        ("https://evil.example:5055/", {"host": "evil.example:5055"}, True),
        ("", {}, True),
        (f"https://{HOST}/sso/Login?forwardTo=22", {}, False),
        # A browser that says more is believed.
        ("https://evil.example/", {"sec-fetch-site": "none"}, False),
        ("https://evil.example/", {"origin": f"https://{HOST}"}, False),
        (f"https://{HOST}/", {"sec-fetch-site": "cross-site"}, True),
    ],
)
def test_page_that_is_named_as_referer_alone_is_known_by_it(
    referer: str, more: dict[str, str], *, foreign: bool
) -> None:
    assert is_foreign_page({"host": HOST, "referer": referer, **more}) is foreign
