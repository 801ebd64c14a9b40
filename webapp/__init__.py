"""The dashboard: shows what the trading process recorded and passes on what a person asks for. It can't trade."""
