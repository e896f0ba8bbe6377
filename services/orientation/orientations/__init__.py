"""Orientations: the proposal, its explanation, who may decide, and the decision."""
