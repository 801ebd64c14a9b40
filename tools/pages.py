"""Parts of pages that are written from the code: what stands between two markers, and the command that writes it.

python tools/NAME.py PAGE           put the part between its markers
python tools/NAME.py PAGE --check   exit 1 where the page differs from the code
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its name in the markers, the script that writes it, and what makes its text."""

    name: str
    script: str
    text: Callable[[], str]

    @property
    def begin(self) -> str:
        """Return the marker before it."""
        return f"<!-- {self.name}: begin (written by {self.script}) -->"

    @property
    def end(self) -> str:
        """Return the marker after it."""
        return f"<!-- {self.name}: end -->"

    def put(self, page: str) -> str:
        """Return a page with this part fresh.

        Raises: ValueError, the markers are not there once each.
        """
        before, begin, rest = page.partition(self.begin)
        _, end, after = rest.partition(self.end)
        if not begin or not end or self.begin in after:
            problem = f"the markers {self.begin} and {self.end} must stand there once"
            raise ValueError(problem)
        return f"{before}{self.begin}\n\n{self.text()}\n\n{self.end}{after}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def run(arguments: Sequence[str], *parts: Part) -> int:
    """Write the parts into the page that the command line names, or check them; return the exit code."""
    path = Path(arguments[0])
    text = fresh = path.read_text(encoding="utf-8")
    for part in parts:
        fresh = part.put(fresh)
    if "--check" in arguments:
        return 0 if fresh == text else 1
    path.write_text(fresh, encoding="utf-8")
    return 0
