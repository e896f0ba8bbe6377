"""Contrats d'engagement : versions, actes, et ce qui en ouvre et en interrompt le délai."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement

revision, down_revision = "0004", "0003"

_INSTANT = postgresql.TIMESTAMP(timezone=True)
_IMMUABLES = ("revision_contrat", "motif_heures_sante", "acte_contrat")


def upgrade() -> None:
    # Empty for the periods opened before: their notification, and what interrupts them, were told
    # and passed over. The feed is followed again from what it keeps; a known decision changes
    # nothing, and a signature reads what is older. TRUNCATE, for row-level security holds for the
    # owner too. The worker of the former version must have stopped: it would pass over them again.
    op.execute("TRUNCATE suivi")
    op.add_column("periode", sa.Column("date_notification", sa.Date(), nullable=True))
    op.add_column("periode", sa.Column("date_depart_contrat", sa.Date(), nullable=True))
    op.create_index(
        "ix_periode_due_cree_le",
        "periode",
        ["collectivite", "cree_le", "id"],
        postgresql_where=sa.text("date_fin IS NULL"),
    )
    op.create_table(
        "interruption",
        *_ecrite(),
        sa.Column("orientation_id", sa.Uuid(), nullable=False),
        sa.Column("date_demande", sa.Date(), nullable=False),
        sa.Column("date_reprise", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_interruption")),
    )
    op.create_table(
        "contrat_engagement",
        *_ecrite(),
        sa.Column("modifie_le", _INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("orientation_id", sa.Uuid(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("statut_precedent", sa.Text(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("date_premiere_signature", sa.Date(), nullable=True),
        sa.Column("date_signature", sa.Date(), nullable=True),
        sa.Column("date_ore", sa.Date(), nullable=True),
        sa.Column("date_suspension", sa.Date(), nullable=True),
        sa.Column("date_cloture", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(statut = 'suspendu') = (statut_precedent IS NOT NULL)"
            " AND (statut NOT IN ('suspendu', 'cloture') OR date_suspension IS NOT NULL)"
            " AND (statut = 'cloture') = (date_cloture IS NOT NULL)"
            " AND (statut <> 'signe' OR date_signature IS NOT NULL)",
            name=op.f("ck_contrat_engagement_statut"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "parcours_id"],
            ["parcours.collectivite", "parcours.id"],
            name=op.f("fk_contrat_engagement_collectivite_parcours_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_contrat_engagement")),
    )
    op.create_table(
        "revision_contrat",
        *_ecrite(),
        sa.Column("contrat_id", sa.Uuid(), nullable=False),
        sa.Column("rang", sa.BigInteger(), nullable=False),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column("orientation_id", sa.Uuid(), nullable=False),
        sa.Column("organisme_referent_id", sa.Uuid(), nullable=False),
        sa.Column("referent", sa.Text(), nullable=False),
        sa.Column("dispositif", sa.Text(), nullable=False),
        sa.Column("contenu", sa.LargeBinary(), nullable=False),
        sa.Column("duree_hebdomadaire_minutes", sa.BigInteger(), nullable=False),
        sa.Column("diagnostic_id", sa.Uuid(), nullable=True),
        sa.Column("date_reexamen", sa.Date(), nullable=True),
        sa.Column("periodicite_actualisation_mois", sa.BigInteger(), nullable=False),
        sa.Column("duree_accompagnement_mois", sa.BigInteger(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        _de_contrat("revision_contrat"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_revision_contrat")),
    )
    op.create_table(
        "motif_heures_sante",
        *_ecrite(),
        sa.Column("contrat_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("motif", sa.Text(), nullable=False),
        sa.Column("date_demande", sa.Date(), nullable=False),
        sa.Column("age_enfant", sa.BigInteger(), nullable=True),
        _de_contrat("motif_heures_sante"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_motif_heures_sante")),
    )
    op.create_table(
        "acte_contrat",
        *_ecrite(),
        sa.Column("contrat_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("orientation_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("signataire", sa.Text(), nullable=True),
        sa.Column("date_acte", sa.Date(), nullable=False),
        sa.Column("motif", sa.LargeBinary(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        _de_contrat("acte_contrat"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_acte_contrat")),
    )
    op.create_index(
        op.f("ix_interruption_collectivite_orientation_id"),
        "interruption",
        ["collectivite", "orientation_id"],
    )
    op.create_index(
        "uq_contrat_engagement_non_clos",
        "contrat_engagement",
        ["collectivite", "personne_id"],
        unique=True,
        postgresql_where=sa.text("statut <> 'cloture'"),
    )
    for colonnes in ((), ("parcours_id",), ("personne_id",), ("statut",)):
        cle = ["collectivite", *colonnes, "cree_le", "id"]
        op.create_index(op.f(f"ix_contrat_engagement_{'_'.join(cle)}"), "contrat_engagement", cle)
    op.create_index(
        op.f("ix_revision_contrat_collectivite_contrat_id_rang"),
        "revision_contrat",
        ["collectivite", "contrat_id", "rang"],
        unique=True,
    )
    for nom in _IMMUABLES:
        op.create_index(
            op.f(f"ix_{nom}_collectivite_contrat_id_cree_le_id"),
            nom,
            ["collectivite", "contrat_id", "cree_le", "id"],
        )
    cloisonner("interruption", "contrat_engagement", *_IMMUABLES)
    inserer_seulement(*_IMMUABLES)


def _ecrite() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cree_le", _INSTANT, server_default=sa.text("now()"), nullable=False),
    )


def _de_contrat(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["collectivite", "contrat_id"],
        ["contrat_engagement.collectivite", "contrat_engagement.id"],
        name=op.f(f"fk_{table}_collectivite_contrat_id"),
    )
