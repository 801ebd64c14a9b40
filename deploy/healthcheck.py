"""Docker's health check: exit 0 while the dashboard's `/healthz` answers 200, else say why and exit 1.

`/healthz` speaks of the processes, not of the login: the container is healthy before a login, at night and on weekends.
"""

from __future__ import annotations

import sys
import urllib.error
import urllib.request

LIMIT_S = 4.0


def main() -> int:
    """Ask the URL of the command line once."""
    try:
        with urllib.request.urlopen(sys.argv[1], timeout=LIMIT_S) as answer:  # noqa: S310 - a loopback URL of start.sh
            sys.stdout.write(answer.read(500).decode("utf-8", "replace") + "\n")
            return 0
    except urllib.error.HTTPError as error:
        sys.stdout.write(f"HTTP {error.code}: {error.read(500).decode('utf-8', 'replace')}\n")
    except OSError as error:
        sys.stdout.write(f"{error}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
