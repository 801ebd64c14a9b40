"""Strategies: one module each, found by its name; importing this package imports none of them."""
