"""From decisions to orders at the broker, each exactly once, through crashes and lost answers."""
