"""What a bilan doubts, its digest once adopted, and when the data of a subsidy were published."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement

revision, down_revision = "0012", "0011"


def upgrade() -> None:
    op.add_column(
        "bilan",
        sa.Column(
            "avertissements",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
    )
    op.add_column("bilan", sa.Column("sha256", sa.LargeBinary(), nullable=True))
    op.create_check_constraint(
        op.f("ck_bilan_empreinte"), "bilan", "sha256 IS NULL OR statut = 'adopte'"
    )
    # The assembly adopted these figures: nobody changes them, nor takes them away.
    op.execute(
        "CREATE FUNCTION refuser_bilan_fige() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF OLD.sha256 IS NULL THEN"
        "  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF;"
        " RAISE EXCEPTION 'bilan adopte' USING ERRCODE = '23001'; END $$"
    )
    op.execute(
        "CREATE TRIGGER fige BEFORE UPDATE OR DELETE ON bilan"
        " FOR EACH ROW EXECUTE FUNCTION refuser_bilan_fige()"
    )
    op.create_table(
        "publication_subvention",
        sa.Column("convention_id", sa.Uuid(), nullable=False),
        sa.Column("date_publication", sa.Date(), nullable=False),
        sa.Column("acte", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collectivite", "convention_id"],
            ["convention.collectivite", "convention.id"],
            name=op.f("fk_publication_subvention_collectivite_convention_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_publication_subvention")),
    )
    op.create_index(
        op.f("ix_publication_subvention_collectivite_convention_id_cree_le_id"),
        "publication_subvention",
        ["collectivite", "convention_id", "cree_le", "id"],
    )
    cloisonner("publication_subvention")
    inserer_seulement("publication_subvention")
