"""Conventions, envelopes, reservations, and the journal that the database itself keeps honest."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    op.create_table(
        "chaine",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("empreinte", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("collectivite", name=op.f("pk_chaine")),
    )
    op.create_table(
        "compteur_engagement",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("exercice", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("dernier", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("collectivite", "exercice", name=op.f("pk_compteur_engagement")),
    )
    op.create_table(
        "convention",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("intitule", sa.Text(), nullable=False),
        sa.Column("annee_debut", sa.BigInteger(), nullable=False),
        sa.Column("annee_fin", sa.BigInteger(), nullable=True),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("nombre_actions", sa.BigInteger(), nullable=True),
        sa.Column("axes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("volets", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("signataires", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "modifie_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_convention")),
    )
    op.create_index(
        op.f("ix_convention_collectivite_cree_le_id"),
        "convention",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_convention_collectivite_reference"),
        "convention",
        ["collectivite", "reference"],
        unique=True,
    )
    op.create_table(
        "solde",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("objet_id", sa.Uuid(), nullable=False),
        sa.Column("livre", sa.Text(), nullable=False),
        sa.Column("poste", sa.Text(), nullable=False),
        sa.Column("solde", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("solde >= 0", name=op.f("ck_solde_positif")),
        sa.PrimaryKeyConstraint(
            "collectivite", "objet_id", "livre", "poste", name=op.f("pk_solde")
        ),
    )
    op.create_table(
        "action",
        sa.Column("convention_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("libelle", sa.Text(), nullable=False),
        sa.Column("axe", sa.BigInteger(), nullable=True),
        sa.Column("volet", sa.BigInteger(), nullable=True),
        sa.Column("origine", sa.Text(), nullable=True),
        sa.Column("caractere", sa.Text(), nullable=True),
        sa.Column("mode_capacite", sa.Text(), nullable=False),
        sa.Column("places_ouvertes", sa.BigInteger(), nullable=True),
        sa.Column("prix_centimes", sa.BigInteger(), nullable=True),
        sa.Column("freins", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("illustratif", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "modifie_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collectivite", "convention_id"],
            ["convention.collectivite", "convention.id"],
            name=op.f("fk_action_collectivite_convention_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_action")),
    )
    op.create_index(
        op.f("ix_action_collectivite_convention_id_code"),
        "action",
        ["collectivite", "convention_id", "code"],
        unique=True,
    )
    op.create_index(
        op.f("ix_action_collectivite_cree_le_id"),
        "action",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_table(
        "enveloppe",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("convention_id", sa.Uuid(), nullable=True),
        sa.Column("exercice", sa.BigInteger(), nullable=True),
        sa.Column("financeur", sa.Text(), nullable=True),
        sa.Column("perimetre", sa.Text(), nullable=True),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("annonce", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("fenetre_debut", sa.Date(), nullable=True),
        sa.Column("fenetre_fin", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "modifie_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("fenetre_debut <= fenetre_fin", name=op.f("ck_enveloppe_fenetre")),
        sa.ForeignKeyConstraint(
            ["collectivite", "convention_id"],
            ["convention.collectivite", "convention.id"],
            name=op.f("fk_enveloppe_collectivite_convention_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_enveloppe")),
    )
    op.create_index(
        op.f("ix_enveloppe_collectivite_convention_id"),
        "enveloppe",
        ["collectivite", "convention_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_enveloppe_collectivite_cree_le_id"),
        "enveloppe",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_enveloppe_collectivite_reference"),
        "enveloppe",
        ["collectivite", "reference"],
        unique=True,
    )
    op.create_table(
        "part_financement",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("enveloppe_id", sa.Uuid(), nullable=False),
        sa.Column("rang", sa.BigInteger(), nullable=False),
        sa.Column("numerateur", sa.BigInteger(), nullable=False),
        sa.Column("denominateur", sa.BigInteger(), nullable=False),
        sa.Column(
            "attribue_centimes", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
        sa.CheckConstraint(
            "0 < numerateur AND numerateur <= denominateur",
            name=op.f("ck_part_financement_fraction"),
        ),
        sa.CheckConstraint("attribue_centimes >= 0", name=op.f("ck_part_financement_attribue")),
        sa.ForeignKeyConstraint(
            ["collectivite", "action_id"],
            ["action.collectivite", "action.id"],
            name=op.f("fk_part_financement_collectivite_action_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "enveloppe_id"],
            ["enveloppe.collectivite", "enveloppe.id"],
            name=op.f("fk_part_financement_collectivite_enveloppe_id"),
        ),
        sa.PrimaryKeyConstraint(
            "collectivite", "action_id", "enveloppe_id", name=op.f("pk_part_financement")
        ),
    )
    op.create_table(
        "reservation",
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("places", sa.BigInteger(), nullable=False),
        sa.Column("montant_centimes", sa.BigInteger(), nullable=False),
        sa.Column("beneficiaire_ref", sa.Uuid(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("expire_le", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("resolue_le", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("motif", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "modifie_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(statut = 'en_attente') = (resolue_le IS NULL)", name=op.f("ck_reservation_resolue")
        ),
        sa.CheckConstraint(
            "statut IN ('en_attente', 'confirmee', 'annulee', 'expiree')",
            name=op.f("ck_reservation_statut"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "action_id"],
            ["action.collectivite", "action.id"],
            name=op.f("fk_reservation_collectivite_action_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_reservation")),
    )
    op.create_index(
        op.f("ix_reservation_collectivite_action_id_cree_le_id"),
        "reservation",
        ["collectivite", "action_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_reservation_collectivite_cree_le_id"),
        "reservation",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        "ix_reservation_en_attente",
        "reservation",
        ["collectivite", "expire_le", "id"],
        unique=False,
        postgresql_where=sa.text("statut = 'en_attente'"),
    )
    op.create_table(
        "engagement",
        sa.Column("exercice", sa.BigInteger(), nullable=False),
        sa.Column("numero", sa.BigInteger(), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("reservation_id", sa.Uuid(), nullable=False),
        sa.Column("beneficiaire_ref", sa.Uuid(), nullable=False),
        sa.Column("date_engagement", sa.Date(), nullable=False),
        sa.Column("places", sa.BigInteger(), nullable=False),
        sa.Column("montant_centimes", sa.BigInteger(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "modifie_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collectivite", "action_id"],
            ["action.collectivite", "action.id"],
            name=op.f("fk_engagement_collectivite_action_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "reservation_id"],
            ["reservation.collectivite", "reservation.id"],
            name=op.f("fk_engagement_collectivite_reservation_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_engagement")),
    )
    op.create_index(
        op.f("ix_engagement_collectivite_cree_le_id"),
        "engagement",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_engagement_collectivite_exercice_numero"),
        "engagement",
        ["collectivite", "exercice", "numero"],
        unique=True,
    )
    op.create_index(
        op.f("ix_engagement_collectivite_reservation_id"),
        "engagement",
        ["collectivite", "reservation_id"],
        unique=True,
    )
    op.create_table(
        "reservation_ligne",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("reservation_id", sa.Uuid(), nullable=False),
        sa.Column("objet_id", sa.Uuid(), nullable=False),
        sa.Column("livre", sa.Text(), nullable=False),
        sa.Column("rang", sa.BigInteger(), nullable=False),
        sa.Column("quantite", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantite > 0", name=op.f("ck_reservation_ligne_quantite")),
        sa.ForeignKeyConstraint(
            ["collectivite", "reservation_id"],
            ["reservation.collectivite", "reservation.id"],
            name=op.f("fk_reservation_ligne_collectivite_reservation_id"),
        ),
        sa.PrimaryKeyConstraint(
            "collectivite", "reservation_id", "objet_id", name=op.f("pk_reservation_ligne")
        ),
    )
    op.create_index(
        op.f("ix_reservation_ligne_collectivite_objet_id"),
        "reservation_ligne",
        ["collectivite", "objet_id"],
        unique=False,
    )
    op.create_table(
        "ecriture",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("evenement", sa.Text(), nullable=False),
        sa.Column("date_effet", sa.Date(), nullable=False),
        sa.Column("inscrite_le", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=True),
        sa.Column("reservation_id", sa.Uuid(), nullable=True),
        sa.Column("engagement_id", sa.Uuid(), nullable=True),
        sa.Column("extourne_de", sa.Uuid(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("empreinte_precedente", sa.LargeBinary(), nullable=False),
        sa.Column("empreinte", sa.LargeBinary(), nullable=False),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collectivite", "action_id"],
            ["action.collectivite", "action.id"],
            name=op.f("fk_ecriture_collectivite_action_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "engagement_id"],
            ["engagement.collectivite", "engagement.id"],
            name=op.f("fk_ecriture_collectivite_engagement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "extourne_de"],
            ["ecriture.collectivite", "ecriture.id"],
            name=op.f("fk_ecriture_collectivite_extourne_de"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "reservation_id"],
            ["reservation.collectivite", "reservation.id"],
            name=op.f("fk_ecriture_collectivite_reservation_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_ecriture")),
    )
    op.create_index(
        op.f("ix_ecriture_collectivite_extourne_de"),
        "ecriture",
        ["collectivite", "extourne_de"],
        unique=True,
    )
    op.create_index(
        op.f("ix_ecriture_collectivite_seq"), "ecriture", ["collectivite", "seq"], unique=True
    )
    op.create_table(
        "engagement_ligne",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=False),
        sa.Column("enveloppe_id", sa.Uuid(), nullable=False),
        sa.Column("rang", sa.BigInteger(), nullable=False),
        sa.Column("montant_centimes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("montant_centimes > 0", name=op.f("ck_engagement_ligne_montant")),
        sa.ForeignKeyConstraint(
            ["collectivite", "engagement_id"],
            ["engagement.collectivite", "engagement.id"],
            name=op.f("fk_engagement_ligne_collectivite_engagement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "enveloppe_id"],
            ["enveloppe.collectivite", "enveloppe.id"],
            name=op.f("fk_engagement_ligne_collectivite_enveloppe_id"),
        ),
        sa.PrimaryKeyConstraint(
            "collectivite", "engagement_id", "enveloppe_id", name=op.f("pk_engagement_ligne")
        ),
    )
    op.create_index(
        op.f("ix_engagement_ligne_collectivite_enveloppe_id"),
        "engagement_ligne",
        ["collectivite", "enveloppe_id"],
        unique=False,
    )
    op.create_table(
        "ligne_ecriture",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("ecriture_id", sa.Uuid(), nullable=False),
        sa.Column("rang", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("livre", sa.Text(), nullable=False),
        sa.Column("poste", sa.Text(), nullable=False),
        sa.Column("objet_id", sa.Uuid(), nullable=False),
        sa.Column("sens", sa.Text(), nullable=False),
        sa.Column("quantite", sa.BigInteger(), nullable=False),
        sa.Column("actif", sa.Text(), nullable=False),
        sa.CheckConstraint("sens IN ('debit', 'credit')", name=op.f("ck_ligne_ecriture_sens")),
        sa.CheckConstraint("quantite > 0", name=op.f("ck_ligne_ecriture_quantite")),
        sa.ForeignKeyConstraint(
            ["collectivite", "ecriture_id"],
            ["ecriture.collectivite", "ecriture.id"],
            name=op.f("fk_ligne_ecriture_collectivite_ecriture_id"),
        ),
        sa.PrimaryKeyConstraint(
            "collectivite", "ecriture_id", "rang", name=op.f("pk_ligne_ecriture")
        ),
    )
    op.create_index(
        op.f("ix_ligne_ecriture_collectivite_objet_id"),
        "ligne_ecriture",
        ["collectivite", "objet_id"],
        unique=False,
    )
    cloisonner(
        "convention",
        "action",
        "enveloppe",
        "part_financement",
        "reservation",
        "reservation_ligne",
        "compteur_engagement",
        "engagement",
        "engagement_ligne",
        "chaine",
        "ecriture",
        "ligne_ecriture",
        "solde",
    )
    inserer_seulement("engagement_ligne", "ecriture", "ligne_ecriture")
    op.execute(_EQUILIBRE)
    op.execute(_CHAINAGE)
    # Deferred: an entry comes before its lines. Also on lines, for one added to an old entry.
    for table, cle in (("ecriture", "id"), ("ligne_ecriture", "ecriture_id")):
        op.execute(
            f"CREATE CONSTRAINT TRIGGER equilibre AFTER INSERT ON {table}"
            " DEFERRABLE INITIALLY DEFERRED"
            f" FOR EACH ROW EXECUTE FUNCTION verifier_equilibre('{cle}')"
        )
    op.execute(
        "CREATE CONSTRAINT TRIGGER chainage AFTER INSERT ON ecriture"
        " DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION verifier_chainage()"
    )


# Debits equal credits for each asset, on two lines at least. It sees what its transaction sees:
# lines of another collectivité count as absent, and the entry is refused.
_EQUILIBRE = """
CREATE FUNCTION verifier_equilibre() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    cle uuid := (to_jsonb(NEW) ->> TG_ARGV[0])::uuid;
BEGIN
    IF (SELECT count(*) FROM ligne_ecriture
        WHERE collectivite = NEW.collectivite AND ecriture_id = cle) < 2
    OR EXISTS (SELECT FROM ligne_ecriture
        WHERE collectivite = NEW.collectivite AND ecriture_id = cle
        GROUP BY actif HAVING sum(CASE sens WHEN 'debit' THEN quantite ELSE -quantite END) <> 0)
    THEN
        RAISE EXCEPTION 'ecriture desequilibree' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$
"""
# No hole in `seq`, and each entry holds the digest of the one before it.
_CHAINAGE = """
CREATE FUNCTION verifier_chainage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.seq <> 1 AND NOT EXISTS (SELECT FROM ecriture
        WHERE collectivite = NEW.collectivite AND seq = NEW.seq - 1
        AND empreinte = NEW.empreinte_precedente)
    OR NEW.seq < 1
    THEN
        RAISE EXCEPTION 'ecriture hors chaine' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$
"""
