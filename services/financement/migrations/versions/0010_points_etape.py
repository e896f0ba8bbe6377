"""Points d'étape, frozen by a trigger once arrested, and the indicators of conventions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement

revision, down_revision = "0010", "0009"

_INSTANT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "point_etape",
        sa.Column("convention_id", sa.Uuid(), nullable=False),
        sa.Column("exercice", sa.BigInteger(), nullable=False),
        sa.Column("date_arrete", sa.Date(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("connu_au", sa.BigInteger(), nullable=True),
        sa.Column("contenu", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column(
            "participants",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("arrete_le", _INSTANT, nullable=True),
        sa.Column("valide_le", _INSTANT, nullable=True),
        *_versionnee(),
        sa.CheckConstraint(
            "(statut = 'brouillon') = (sha256 IS NULL)"
            " AND (sha256 IS NULL) = (contenu IS NULL)"
            " AND (sha256 IS NULL) = (connu_au IS NULL)"
            " AND (sha256 IS NULL) = (arrete_le IS NULL)",
            name=op.f("ck_point_etape_fige"),
        ),
        sa.CheckConstraint(
            "(statut = 'valide') = (valide_le IS NOT NULL)", name=op.f("ck_point_etape_valide")
        ),
        _vers("point_etape", "convention"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_point_etape")),
    )
    op.create_table(
        "indicateur",
        sa.Column("convention_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("libelle", sa.Text(), nullable=False),
        sa.Column("unite", sa.Text(), nullable=False),
        sa.Column("sens", sa.Text(), nullable=False),
        sa.Column("exercice", sa.BigInteger(), nullable=False),
        sa.Column("cible", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        *_versionnee(),
        _vers("indicateur", "convention"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_indicateur")),
    )
    op.create_table(
        "valeur_indicateur",
        sa.Column("indicateur_id", sa.Uuid(), nullable=False),
        sa.Column("valeur", sa.BigInteger(), nullable=False),
        sa.Column("numerateur", sa.BigInteger(), nullable=True),
        sa.Column("denominateur", sa.BigInteger(), nullable=True),
        sa.Column("date_observation", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("cree_le", _INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _vers("valeur_indicateur", "indicateur"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_valeur_indicateur")),
    )
    for table, colonnes, unique in (
        ("point_etape", ["cree_le", "id"], False),
        ("point_etape", ["convention_id", "connu_au"], False),
        ("indicateur", ["cree_le", "id"], False),
        ("indicateur", ["convention_id", "exercice", "code"], True),
        ("valeur_indicateur", ["indicateur_id", "cree_le", "id"], False),
    ):
        nom = op.f(f"ix_{table}_collectivite_{'_'.join(colonnes)}")
        op.create_index(nom, table, ["collectivite", *colonnes], unique=unique)
    cloisonner("point_etape", "indicateur", "valeur_indicateur")
    inserer_seulement("valeur_indicateur")
    # Of what is arrested, only the state and who recognises it may still change.
    op.execute(
        "CREATE FUNCTION refuser_point_etape_fige() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF OLD.sha256 IS NULL THEN"
        "  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF;"
        " IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - ARRAY['statut', 'participants', 'valide_le',"
        "  'version', 'modifie_le'] = to_jsonb(OLD) - ARRAY['statut', 'participants', 'valide_le',"
        "  'version', 'modifie_le'] THEN RETURN NEW; END IF;"
        " RAISE EXCEPTION 'point d''etape arrete' USING ERRCODE = '23001'; END $$"
    )
    op.execute(
        "CREATE TRIGGER fige BEFORE UPDATE OR DELETE ON point_etape"
        " FOR EACH ROW EXECUTE FUNCTION refuser_point_etape_fige()"
    )


def _vers(table: str, nom: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["collectivite", f"{nom}_id"],
        [f"{nom}.collectivite", f"{nom}.id"],
        name=op.f(f"fk_{table}_collectivite_{nom}_id"),
    )


def _versionnee() -> list[sa.Column[object]]:
    return [
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("cree_le", _INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("modifie_le", _INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
    ]
