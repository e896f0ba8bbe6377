"""The sandbox of this machine: its collectivité, and the France Travail that answers it."""
