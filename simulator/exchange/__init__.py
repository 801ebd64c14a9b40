"""The exchange and the broker's books behind the API: orders, fills on the replayed path, cash and positions."""
