"""Les places de chacun, comptées à mesure, et un index pour l'ordre de chaque intervalle."""

import sqlalchemy as sa
from alembic import op

from shared.socle.migrations import cloisonner

revision, down_revision = "0014", "0013_1"

_COMPTES = (
    "SELECT p.collectivite, o.id AS objet_id, count(*) FILTER (WHERE p.statut = 'placee'),"
    " count(*) FILTER (WHERE p.statut = 'en_file')"
    " FROM place p, unnest(ARRAY[p.organisme_id, p.unite_id, p.portefeuille_id]) AS o (id)"
    " WHERE p.statut <> 'liberee' AND o.id IS NOT NULL AND p.collectivite = code GROUP BY 1, 2"
)


def upgrade() -> None:
    # Both before all else: taken one after the other below, they could cross those of a writer.
    op.execute("LOCK TABLE orientation, place IN SHARE ROW EXCLUSIVE MODE")
    op.create_table(
        "compte_place",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("objet_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("placees", sa.BigInteger(), nullable=False),
        sa.Column("en_file", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("collectivite", "objet_id", "seq", name=op.f("pk_compte_place")),
    )
    cloisonner("compte_place")
    # OLD is null of what comes, NEW of what goes; what changes nothing adds no row.
    op.execute(
        "CREATE FUNCTION place_comptee() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO compte_place (collectivite, objet_id, placees, en_file)"
        " SELECT coalesce(NEW.collectivite, OLD.collectivite), objet,"
        "  sum(signe * (statut = 'placee')::int), sum(signe * (statut = 'en_file')::int)"
        " FROM (VALUES (NEW.organisme_id, NEW.statut, 1), (NEW.unite_id, NEW.statut, 1),"
        "  (NEW.portefeuille_id, NEW.statut, 1), (OLD.organisme_id, OLD.statut, -1),"
        "  (OLD.unite_id, OLD.statut, -1), (OLD.portefeuille_id, OLD.statut, -1)"
        " ) AS v (objet, statut, signe) WHERE objet IS NOT NULL GROUP BY objet"
        " HAVING sum(signe * (statut = 'placee')::int) <> 0"
        "  OR sum(signe * (statut = 'en_file')::int) <> 0;"
        " RETURN NULL; END $$"
    )
    # From here on until the end, who writes a place waits: none is counted twice, nor forgotten.
    op.execute(
        "CREATE TRIGGER comptee AFTER INSERT OR DELETE"
        " OR UPDATE OF statut, organisme_id, unite_id, portefeuille_id ON place"
        " FOR EACH ROW EXECUTE FUNCTION place_comptee()"
    )
    # Row-level security holds for the owner too: each collectivité in its turn.
    op.execute(
        "DO $$ DECLARE code text; BEGIN"
        " FOR code IN SELECT collectivite FROM collectivite LOOP"
        "  PERFORM set_config('app.collectivite', code, true);"
        f"  INSERT INTO compte_place (collectivite, objet_id, placees, en_file) {_COMPTES};"
        "  UPDATE orientation o SET hors_delai = d.date_decision > o.date_limite FROM decision d"
        "  WHERE o.collectivite = code AND d.collectivite = code AND d.id = o.decision_id;"
        " END LOOP; PERFORM set_config('app.collectivite', '', true); END $$"
    )
    for nom, *colonnes in (
        ("tenue_cree_le", "hors_delai", "cree_le"),
        ("tenue_date_limite", "hors_delai", "date_limite"),
        ("tenue_commune_cree_le", "commune", "hors_delai", "cree_le"),
        ("tenue_commune_date_limite", "commune", "hors_delai", "date_limite"),
    ):
        op.create_index(
            f"ix_orientation_{nom}",
            "orientation",
            ["collectivite", *colonnes, "id"],
            postgresql_where=sa.text("hors_delai IS NOT NULL"),
        )
    _index("accueil", "debut_le")
    _index("accueil", "type", "debut_le")
    _index("accueil", "code_commune", "debut_le")
    _index("contact", "date_contact")
    _index("mouvement", "date_reference")
    _index("mouvement", "type", "date_reference")
    op.drop_index(op.f("ix_accueil_collectivite_debut_le"), "accueil")
    op.drop_index(op.f("ix_contact_collectivite_date_contact"), "contact")


def _index(table: str, *colonnes: str) -> None:
    """The order of a list: after its filters, a date, then the id."""
    colonnes = ("collectivite", *colonnes, "id")
    op.create_index(op.f(f"ix_{table}_{'_'.join(colonnes)}"), table, list(colonnes))
