"""Ask the gateway once whether it answers: `probe.py URL CA_FILE`; exit 0 on any HTTP answer, a 401 before the login included.

It has a time limit of its own, because the real gateway holds a request without end while IBKR can't be reached.
Standard library alone, so that a probe costs little and works while the rest is broken.
"""

from __future__ import annotations

import http.client
import ssl
import sys
from urllib.parse import urlsplit

LIMIT_S = 3.0


def probe(url: str, ca_file: str) -> tuple[bool, str]:
    """Return whether `url` answered, and what it said or why not, in a few words."""
    parts = urlsplit(url)
    try:
        context = ssl.create_default_context(cafile=ca_file)
        connection = http.client.HTTPSConnection(
            parts.hostname or "localhost", parts.port, timeout=LIMIT_S, context=context
        )
        connection.request("POST", parts.path, body=b"{}", headers={"Content-Type": "application/json"})
        status = connection.getresponse().status
        connection.close()
    except TimeoutError:
        return False, f"no answer within {LIMIT_S:.0f} s (is IBKR's server reachable from here?)"
    except FileNotFoundError:
        return False, f"its certificate {ca_file} is not there yet"
    except ssl.SSLCertVerificationError as error:
        return False, f"its certificate can't be verified with {ca_file}: {error.verify_message}"
    except (OSError, http.client.HTTPException) as error:
        return False, f"{type(error).__name__}: {error}"
    if status == http.client.NOT_FOUND:
        return False, "HTTP 404: this address is not in the gateway's allow list (conf.yaml, ips)"
    meaning = "waiting for the login" if status == http.client.UNAUTHORIZED else "ready"
    return True, f"HTTP {status}, {meaning}"


def main() -> int:
    """Run one probe of the command line's URL."""
    answered, text = probe(sys.argv[1], sys.argv[2])
    sys.stdout.write(text + "\n")
    return 0 if answered else 1


if __name__ == "__main__":
    sys.exit(main())
