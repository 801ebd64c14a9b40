"""The one way to the broker: a last look, written before it is sent, sent once."""
