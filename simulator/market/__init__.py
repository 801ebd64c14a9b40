"""The replayed market: bars and their paths, contracts and listings, history as the API cuts it."""
