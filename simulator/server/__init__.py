"""The server: connections, TLS, HTTP, websocket frames, and what faults do to them."""
