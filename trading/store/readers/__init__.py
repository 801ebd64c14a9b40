"""What people read of trading.db: one read model a subject, all of one request from one read transaction."""
