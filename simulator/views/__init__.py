"""Figures and texts that several calls show alike: quotes, the account's value, rows of orders."""
