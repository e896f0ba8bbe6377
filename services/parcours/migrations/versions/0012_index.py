"""Des listes qui ne coûtent que leur page : un index de plus pour chaque ordre qui n'en avait pas.

Apart from 0011, so that no reading waits while what is there is indexed.
"""

from alembic import op

revision, down_revision = "0012", "0011"


def upgrade() -> None:
    for volet in ("", "_sante"):
        # By code alone: most codes are common, a rare one was looked for among all freins.
        _index(f"frein{volet}", "code", "cree_le", "id")
        _index(f"prescription{volet}", "statut", "expire_le")
    # A timeline finds what was written of contracts by the decision that then stood.
    for table in ("revision_contrat", "acte_contrat"):
        _index(table, "orientation_id")


def _index(table: str, *colonnes: str) -> None:
    colonnes = ("collectivite", *colonnes)
    op.create_index(op.f(f"ix_{table}_{'_'.join(colonnes)}"), table, list(colonnes))
