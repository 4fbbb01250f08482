"""A service paints what people send it over HTTP, with the ledger, the runner and the workers of a batch."""
