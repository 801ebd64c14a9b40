"""Write the tables of faults into docs/faults.md, from what the faults declare.

python tools/fault_table.py docs/faults.md           put the tables between the two markers
python tools/fault_table.py docs/faults.md --check   exit 1 where they differ from the code
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from simulator.faults.catalogue import page_text  # noqa: E402 - the script runs from anywhere

BEGIN = "<!-- faults: begin (written by tools/fault_table.py) -->"
END = "<!-- faults: end -->"


def with_tables(text: str) -> str:
    """Return the page's text with fresh tables.

    Raises: ValueError, the markers are not there once each.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in after:
        problem = f"the markers {BEGIN} and {END} must stand there once"
        raise ValueError(problem)
    return f"{before}{BEGIN}\n\n{page_text()}\n\n{END}{after}"


def main(arguments: Sequence[str]) -> int:
    """Write or check."""
    path = Path(arguments[0])
    text = path.read_text(encoding="utf-8")
    fresh = with_tables(text)
    if "--check" in arguments:
        return 0 if fresh == text else 1
    path.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
