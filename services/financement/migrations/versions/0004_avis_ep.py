"""The collectivité's switch of the avis before a réorientation."""

from shared.socle.migrations import avis_ep

revision, down_revision = "0004", "0003"


def upgrade() -> None:
    avis_ep()
