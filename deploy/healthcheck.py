"""Docker's health check: `healthcheck.py HOST:PORT [CERTIFICATE]`; exit 0 while the dashboard's `/healthz` answers 200.

`/healthz` speaks of the processes, not of the login: the container is healthy before a login, at night and on weekends.
"""

from __future__ import annotations

import ssl
import sys
import urllib.error
import urllib.request

LIMIT_S = 4.0


def pinned(certificate: str) -> ssl.SSLContext:
    """Return a context that trusts this certificate alone, whoever signed it and whatever name it is for."""
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def check(address: str, certificate: str) -> tuple[bool, str]:
    """Return whether the system at an address, such as 127.0.0.1:5056, is alive, and what it said."""
    scheme = "https" if certificate else "http"
    try:
        context = pinned(certificate) if certificate else None
        # Without proxies: those of the environment are for other addresses than this one.
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        with opener.open(f"{scheme}://{address}/healthz", timeout=LIMIT_S) as answer:
            return True, answer.read(500).decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return False, f"HTTP {error.code}: {error.read(500).decode('utf-8', 'replace')}"
    except OSError as error:
        return False, str(error)


def main() -> int:
    """Check once."""
    healthy, words = check(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")  # noqa: PLR2004 - optional
    sys.stdout.write(words.strip() + "\n")
    return 0 if healthy else 1


if __name__ == "__main__":
    sys.exit(main())
