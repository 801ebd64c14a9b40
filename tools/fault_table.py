"""Write the tables of faults into docs/faults.md, from what the faults declare.

python tools/fault_table.py docs/faults.md           put the tables between the two markers
python tools/fault_table.py docs/faults.md --check   exit 1 where they differ from the code
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from simulator.faults.catalogue import page_text  # noqa: E402 - the script runs from anywhere
from tools.pages import Part, run  # noqa: E402

PART = Part("faults", "tools/fault_table.py", page_text)

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], PART))
