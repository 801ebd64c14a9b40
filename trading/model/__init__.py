"""Typed, frozen values that the stages pass to each other; no I/O, no rules."""
