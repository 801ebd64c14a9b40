"""Automated stock trading on Interactive Brokers' Client Portal API."""
