"""Brings the journal in line with what the broker shows: orders that end or were lost, fills, own shares."""
