"""`python -m simulator`."""

from __future__ import annotations

import signal
import sys

# Loading takes a second: Ctrl-C meanwhile is no reason for a traceback.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from simulator.cli import main  # noqa: E402  (see above)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
