"""Ask the gateway once how it is: `probe.py https://localhost:PORT CA_FILE alive|api` prints a few words.

`alive` asks the program alone, `api` sends a request through it as well; that one counts toward IBKR's limit of one
tickle a second, so it is asked only until the trading loop runs.
Exit 0: answered, a 401 before the login included. 3: the program itself answers, but the API doesn't, as when IBKR
can't be reached: the real gateway then holds a request without end, so each question has a time limit of its own.
1: nothing answers.
Standard library alone, so that a probe costs little and works while the rest is broken.
"""

from __future__ import annotations

import errno
import http.client
import ssl
import sys
from typing import NamedTuple
from urllib.parse import urlsplit

LIMIT_S = 3.0
ANSWERS, NO_ANSWER, NO_UPSTREAM = 0, 1, 3
DENIED = b"Access Denied"


class Gateway(NamedTuple):
    """Where the gateway is, whose certificates it may show, and how long each answer may take."""

    url: str
    ca_file: str
    limit_s: float = LIMIT_S


def ask(gateway: Gateway, context: ssl.SSLContext, method: str, path: str) -> tuple[int, bytes]:
    """Return status and the beginning of the body; a read that takes too long raises TimeoutError."""
    parts = urlsplit(gateway.url)
    connection = http.client.HTTPSConnection(
        parts.hostname or "localhost", parts.port, timeout=gateway.limit_s, context=context
    )
    try:
        body = b"{}" if method == "POST" else None
        connection.request(method, path, body=body, headers={"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        return answer.status, answer.read(100)
    finally:
        connection.close()


def probe(gateway: Gateway, what: str) -> tuple[int, str]:
    """Return the exit code and what was found, in words."""
    try:
        context = ssl.create_default_context(cafile=gateway.ca_file)
        # "/" is answered by the program itself; it needs no upstream.
        status, body = ask(gateway, context, "GET", "/")
    except (OSError, http.client.HTTPException) as error:
        return NO_ANSWER, reason(error, gateway)
    if status == http.client.NOT_FOUND and body.startswith(DENIED):
        return NO_UPSTREAM, "it refuses this address: 127.0.0.1 is missing in ips.allow of conf.yaml"
    return probe_api(gateway, context) if what == "api" else (ANSWERS, "runs")


def reason(error: Exception, gateway: Gateway) -> str:
    """Return why there was no answer, in words."""
    match error:
        case TimeoutError():
            return f"no answer within {gateway.limit_s:g} s"
        case OSError(errno=errno.ECONNREFUSED | errno.EADDRNOTAVAIL):  # the second: no IPv6 here, tried after IPv4
            return "its port is not open"
        case FileNotFoundError():
            return f"its certificate {gateway.ca_file} is not there yet"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not the one in {gateway.ca_file}: {error.verify_message}"
        case _:
            return f"{type(error).__name__}: {error}"


def probe_api(gateway: Gateway, context: ssl.SSLContext) -> tuple[int, str]:
    """Return the same for a request that goes through to the upstream."""
    try:
        status, _ = ask(gateway, context, "POST", "/v1/api/tickle")
    except TimeoutError:
        return (
            NO_UPSTREAM,
            f"runs, but IBKR's servers don't answer it within {gateway.limit_s:g} s; is there a connection to them?",
        )
    except (OSError, http.client.HTTPException) as error:
        return NO_UPSTREAM, f"runs, but its API doesn't answer ({type(error).__name__}: {error})"
    if status == http.client.UNAUTHORIZED:
        return ANSWERS, f"nobody is logged in; log in at {gateway.url}"
    if status >= http.client.INTERNAL_SERVER_ERROR:
        return ANSWERS, f"IBKR's servers answer with an error (HTTP {status}), as during their restarts"
    return ANSWERS, "answers"


def main() -> int:
    """Run one probe of the command line's gateway."""
    url, ca_file, what = sys.argv[1:4]
    code, words = probe(Gateway(url, ca_file), what)
    sys.stdout.write(words + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
