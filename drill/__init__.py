"""The drill: the real trading system against seeded schedules of everything that goes wrong, judged by a checker."""
