"""Snapshot exports: the lists of a service, whole, at one instant, as jobs (guide, 13.1)."""
