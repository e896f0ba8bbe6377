"""immersion-facile, as its API is read here."""
