"""Measurements of speed: printed, never asserted."""
