"""The command line: `python -m trading COMMAND`. Exit 0 done, 1 failed, 2 bad input, 3 another instance runs."""
