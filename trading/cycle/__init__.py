"""The steps of one cycle but the decision and the orders: session, controls, what is read, when the next one is."""
