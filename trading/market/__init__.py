"""Facts of the market that everything shares: bars, calendar, the arithmetic of prices and fills."""
