"""Become another program in a session and process group of one's own: `own_group.py PROGRAM ARGUMENT...`.

A signal to that group then reaches the program and everything that it starts. Bash starts its background processes with
interrupts ignored, which programs would inherit; they begin here as everywhere else.
"""

from __future__ import annotations

import os
import signal
import sys

if __name__ == "__main__":
    for inherited in (signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE):
        signal.signal(inherited, signal.SIG_DFL)
    os.setsid()
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - the program is named by start.sh
