"""France Travail, as our workers see it: typed, paced, and patient where patience is safe."""
