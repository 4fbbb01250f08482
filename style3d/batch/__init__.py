"""A batch paints many assets in many looks. A ledger says how far each job is, so that a night can be interrupted."""
