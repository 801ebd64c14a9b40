"""How the running system is seen from outside: log, metrics, health and alerts."""
