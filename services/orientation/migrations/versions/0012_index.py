"""Des listes qui ne coûtent que leur page : un index pour chaque ordre.

Apart from 0011, so that no reading waits while what is there is filled and indexed.
"""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0012", "0011"

_A_DECIDER = "statut IN ('brouillon', 'en_attente')"


def upgrade() -> None:
    # Row-level security holds for the owner too: each collectivité in its turn.
    op.execute(
        "DO $$ DECLARE code text; BEGIN"
        " FOR code IN SELECT collectivite FROM collectivite LOOP"
        "  PERFORM set_config('app.collectivite', code, true);"
        "  UPDATE orientation o SET commune = p.commune FROM personne p"
        "  WHERE o.collectivite = code AND p.collectivite = code AND p.id = o.personne_id"
        "  AND p.commune IS NOT NULL;"
        " END LOOP; PERFORM set_config('app.collectivite', '', true); END $$"
    )
    op.drop_index(op.f("ix_orientation_collectivite_statut_date_limite"), "orientation")
    for colonnes in (
        ["date_limite"],
        ["statut", "cree_le"],
        ["statut", "date_limite"],
        ["commune", "cree_le"],
        ["commune", "date_limite"],
    ):
        _index("orientation", *colonnes)
    op.create_index(
        "ix_orientation_a_decider",
        "orientation",
        ["collectivite", "commune", "date_limite", "id"],
        postgresql_where=sa.text(_A_DECIDER),
    )
    # A person's cases, open or not: what follows them when they move.
    op.create_index(
        op.f("ix_orientation_collectivite_personne_id"),
        "orientation",
        ["collectivite", "personne_id"],
    )
    for table in ("proposition", "decision", "import", "accueil"):
        _index(table, "cree_le")
    _index("accueil", "type", "cree_le")
    _index("accueil", "code_commune", "cree_le")
    # It counts the places given too.
    _index("place", "organisme_id", "statut", "cree_le")
    op.drop_index("ix_place_placees", "place")


def _index(table: str, *colonnes: str) -> None:
    """The order of a list: after its filters, a date, then the id."""
    colonnes = ("collectivite", *colonnes, "id")
    op.create_index(op.f(f"ix_{table}_{'_'.join(colonnes)}"), table, list(colonnes))
