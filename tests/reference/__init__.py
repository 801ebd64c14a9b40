"""A second, plain implementation of the strategy document that the engine is compared with."""
