"""Order entry: from the JSON of a call to tickets, and the questions that they raise."""
