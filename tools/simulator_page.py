"""Write calls, settings and unknowns of the simulated gateway into docs/simulator.md, from what the code declares.

python tools/simulator_page.py docs/simulator.md           put them between their markers
python tools/simulator_page.py docs/simulator.md --check   exit 1 where they differ from the code
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from simulator.choices import CHOICES, all_choices  # noqa: E402 - the script runs from anywhere
from simulator.endpoints import ROUTES  # noqa: E402
from simulator.router import Needs  # noqa: E402
from tools.pages import Part, run, table  # noqa: E402

SCRIPT = "tools/simulator_page.py"
NEEDS = {
    Needs.NOTHING: "nothing",
    Needs.SSO: "login",
    Needs.BROKERAGE: "brokerage session",
    Needs.ACCOUNTS: "`/iserver/accounts` before",
}


def settings() -> str:
    """Return the table of the broker's choices."""
    rows = [(f"`{c.name}`", f"`{c.default}`", c.values, c.meaning) for c in all_choices()]
    return table(("setting", "default", "values", "meaning"), rows)


def unknowns() -> str:
    """Return the table of what nobody has shown of the broker."""
    rows = [(u.question, f"`{u.name}`", ", ".join(str(value).lower() for value in u.values)) for u in CHOICES]
    return table(("unknown", "setting", "values to try, the default first"), rows)


def calls() -> str:
    """Return the table of calls; a path that takes several methods has one row."""
    by_path: dict[tuple[str, Needs, str], list[str]] = {}
    for route in ROUTES:
        first = (route.handler.__doc__ or "").splitlines()[0]
        said = re.sub(r"^.*?/[^:\s]*(?: and /\S+)?[:.]*\s*", "", first).rstrip(".")
        by_path.setdefault((route.pattern, route.needs, said), []).append(route.method)
    rows = [
        (f"{', '.join(methods)} `{pattern}`", NEEDS[needs], said) for (pattern, needs, said), methods in by_path.items()
    ]
    return table(("call", "needs", "to know"), rows)


PARTS = (Part("calls", SCRIPT, calls), Part("unknowns", SCRIPT, unknowns), Part("settings", SCRIPT, settings))

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], *PARTS))
