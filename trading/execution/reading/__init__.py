"""What the broker showed in one reading, and what is kept of it as evidence."""
