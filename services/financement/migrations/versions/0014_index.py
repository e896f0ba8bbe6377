"""Un index pour l'ordre de chaque liste après chacun de ses filtres, et pour chaque intervalle."""

from alembic import op

revision, down_revision = "0014", "0013"

_ORDRES = (
    ("action", "convention_id", "cree_le"),
    ("convention", "date_signature"),
    ("credit_paiement", "exercice", "cree_le"),
    ("engagement", "date_engagement"),
    ("enveloppe", "convention_id", "cree_le"),
    ("enveloppe", "exercice", "cree_le"),
    ("indicateur", "convention_id", "cree_le"),
    ("indicateur", "exercice", "cree_le"),
    ("justificatif", "type", "cree_le"),
    ("mandat", "exercice", "cree_le"),
    ("mandat", "exercice", "statut", "cree_le"),
    ("mandat", "statut", "cree_le"),
    ("point_etape", "convention_id", "cree_le"),
    ("point_etape", "statut", "cree_le"),
    ("titre", "exercice", "cree_le"),
    ("titre", "exercice", "statut", "cree_le"),
    ("titre", "statut", "cree_le"),
    ("valorisation", "statut", "cree_le"),
)


def upgrade() -> None:
    for table, *ordre in _ORDRES:
        colonnes = ["collectivite", *ordre, "id"]
        op.create_index(op.f(f"ix_{table}_{'_'.join(colonnes)}"), table, colonnes)
    # The new one begins with it.
    op.drop_index(op.f("ix_enveloppe_collectivite_convention_id"), table_name="enveloppe")
