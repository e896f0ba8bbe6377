"""Seven books: what an entry comes from, the entries of an object in order, balances by day.

Stop the service first: what it posts has no `seq` on its lines, and would be refused.
"""

import sqlalchemy as sa
from alembic import op

from shared.socle.migrations import cloisonner

revision, down_revision = "0005", "0004"

_CONTREPARTIES = "('ouvert', 'ouverte')"  # those of the two books that there were


def upgrade() -> None:
    op.add_column("ecriture", sa.Column("origine", sa.Text(), nullable=True))
    op.add_column("ecriture", sa.Column("origine_id", sa.Uuid(), nullable=True))
    op.add_column("ligne_ecriture", sa.Column("seq", sa.BigInteger(), nullable=True))
    # The one time that lines change: they are given the rank that their entry has.
    op.execute("ALTER TABLE ligne_ecriture DISABLE TRIGGER USER")
    _pour_chacune(
        "UPDATE ligne_ecriture l SET seq = e.seq FROM ecriture e"
        " WHERE e.collectivite = l.collectivite AND e.id = l.ecriture_id"
    )
    op.execute("ALTER TABLE ligne_ecriture ENABLE TRIGGER USER")
    op.alter_column("ligne_ecriture", "seq", nullable=False)
    op.drop_index(op.f("ix_ligne_ecriture_collectivite_objet_id"), "ligne_ecriture")
    op.create_index(
        op.f("ix_ligne_ecriture_collectivite_objet_id_seq_ecriture_id"),
        "ligne_ecriture",
        ["collectivite", "objet_id", "seq", "ecriture_id"],
    )
    op.create_table(
        "mouvement_jour",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("objet_id", sa.Uuid(), nullable=False),
        sa.Column("livre", sa.Text(), nullable=False),
        sa.Column("poste", sa.Text(), nullable=False),
        sa.Column("date_effet", sa.Date(), nullable=False),
        sa.Column("jour_inscription", sa.Date(), nullable=False),
        sa.Column("variation", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "collectivite",
            "objet_id",
            "livre",
            "poste",
            "date_effet",
            "jour_inscription",
            name=op.f("pk_mouvement_jour"),
        ),
    )
    cloisonner("mouvement_jour")
    _pour_chacune(
        "INSERT INTO mouvement_jour"
        " SELECT collectivite, l.objet_id, l.livre, l.poste, e.date_effet,"
        "  (e.inscrite_le AT TIME ZONE c.fuseau)::date,"
        f"  sum(CASE WHEN (l.sens = 'credit') = (l.poste IN {_CONTREPARTIES}) THEN l.quantite"
        "   ELSE -l.quantite END)"
        " FROM collectivite c JOIN ecriture e USING (collectivite)"
        "  JOIN ligne_ecriture l USING (collectivite)"
        " WHERE collectivite = code AND l.ecriture_id = e.id GROUP BY 1, 2, 3, 4, 5, 6"
    )


def _pour_chacune(ordre: str) -> None:
    """Row-level security holds for the owner too: each collectivité in its turn."""
    op.execute(
        "DO $$ DECLARE code text; BEGIN FOR code IN SELECT collectivite FROM collectivite LOOP"
        f" PERFORM set_config('app.collectivite', code, true); {ordre};"
        " END LOOP; PERFORM set_config('app.collectivite', '', true); END $$"
    )
