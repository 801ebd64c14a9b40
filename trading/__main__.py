"""Entry of `python -m trading`."""

import sys

from trading.cli.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
