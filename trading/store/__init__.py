"""What survives a crash: the journal of orders, decisions, modes and people's requests, in SQLite files."""
