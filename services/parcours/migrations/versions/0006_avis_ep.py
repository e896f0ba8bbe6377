"""The collectivité's switch of the avis before a réorientation."""

from shared.socle.migrations import avis_ep

revision, down_revision = "0006", "0005"


def upgrade() -> None:
    avis_ep()
