"""Ce qui s'échange avec rdv-insertion : corps reçus, rendez-vous, qui y est, invitations."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement

revision, down_revision = "0022", "0021"


def upgrade() -> None:
    op.create_table(
        "reception_rdv_insertion",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("empreinte", sa.LargeBinary(), nullable=False),
        sa.Column("modele", sa.Text(), nullable=True),
        sa.Column("objet", sa.Text(), nullable=True),
        sa.Column("evenement", sa.Text(), nullable=True),
        sa.Column("emis_le", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("corps", sa.LargeBinary(), nullable=False),
        _instant("cree_le"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_reception_rdv_insertion")),
    )
    _index("reception_rdv_insertion", "empreinte", unique=True)
    _index("reception_rdv_insertion", "modele", "objet", "emis_le")
    _index("reception_rdv_insertion", "cree_le")
    op.create_index(
        "ix_reception_rdv_insertion_inintelligibles",
        "reception_rdv_insertion",
        ["collectivite"],
        postgresql_where=sa.text("statut = 'inintelligible'"),
    )
    op.create_table(
        "rendez_vous_rdv_insertion",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rendez_vous", sa.Text(), nullable=False),
        sa.Column("participation", sa.Text(), nullable=False),
        sa.Column("usager", sa.Text(), nullable=False),
        sa.Column("categorie", sa.Text(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("debut_le", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("duree_minutes", sa.BigInteger(), nullable=False),
        sa.Column("rattache", sa.Boolean(), nullable=False),
        _instant("cree_le"),
        _instant("modifie_le"),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_rendez_vous_rdv_insertion")),
    )
    _index("rendez_vous_rdv_insertion", "rendez_vous", "participation", unique=True)
    _index("rendez_vous_rdv_insertion", "usager", "cree_le", "id")
    _index("rendez_vous_rdv_insertion", "statut", "cree_le", "id")
    _index("rendez_vous_rdv_insertion", "cree_le", "id")
    _index("rendez_vous_rdv_insertion", "debut_le")
    op.create_index(
        "ix_rendez_vous_rdv_insertion_a_rattacher",
        "rendez_vous_rdv_insertion",
        ["collectivite", "cree_le", "id"],
        postgresql_where=sa.text("NOT rattache"),
    )
    op.create_table(
        "usager_rdv_insertion",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("usager", sa.Text(), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        _instant("cree_le"),
        sa.ForeignKeyConstraint(
            ["collectivite", "personne_id"],
            ["personne.collectivite", "personne.id"],
            name=op.f("fk_usager_rdv_insertion_collectivite_personne_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_usager_rdv_insertion")),
    )
    _index("usager_rdv_insertion", "usager", unique=True)
    _index("usager_rdv_insertion", "personne_id")
    _invitations()
    cloisonner(
        "reception_rdv_insertion",
        "rendez_vous_rdv_insertion",
        "usager_rdv_insertion",
        "reglage_invitations",
        "invitation_rdv_insertion",
    )
    inserer_seulement("reglage_invitations")


def _invitations() -> None:
    op.create_table(
        "reglage_invitations",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("envoi", sa.Boolean(), nullable=False),
        sa.Column("categorie", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        _instant("cree_le"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_reglage_invitations")),
    )
    _index("reglage_invitations", "cree_le", "id")
    op.create_table(
        "invitation_rdv_insertion",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("decidee_le", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("formats", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("essais", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("incertaine_le", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reprendre_le", postgresql.TIMESTAMP(timezone=True), nullable=False),
        _instant("cree_le"),
        _instant("modifie_le"),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["collectivite", "decision_id"],
            ["decision.collectivite", "decision.id"],
            name=op.f("fk_invitation_rdv_insertion_collectivite_decision_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_invitation_rdv_insertion")),
    )
    _index("invitation_rdv_insertion", "decision_id", unique=True)
    _index("invitation_rdv_insertion", "cree_le", "id")
    _index("invitation_rdv_insertion", "statut", "cree_le", "id")
    _index("invitation_rdv_insertion", "decidee_le")
    op.create_index(
        "ix_invitation_rdv_insertion_a_faire",
        "invitation_rdv_insertion",
        ["collectivite", "reprendre_le"],
        postgresql_where=sa.text("statut = 'a_faire'"),
    )


def _index(table: str, *colonnes: str, unique: bool = False) -> None:
    noms = ["collectivite", *colonnes]
    op.create_index(op.f(f"ix_{table}_{'_'.join(noms)}"), table, noms, unique=unique)


def _instant(nom: str) -> sa.Column[datetime]:
    return sa.Column(
        nom,
        postgresql.TIMESTAMP(timezone=True),
        server_default=sa.text("now()"),
        nullable=False,
    )
