"""Criteria: what is stated of a person, and what the decision table reads in it."""
