"""Whose orders, executions and shares are which: ours, another's, or in doubt."""
