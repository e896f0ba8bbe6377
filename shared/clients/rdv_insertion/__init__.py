"""rdv-insertion, as its API is used here."""
