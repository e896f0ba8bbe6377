"""Ce qu'une convention d'immersion a fait d'elle-même, et qu'elle peut donc défaire."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0021", "0020"

# Written by the worker, or by the act itself that gave the convention, which has not moved since:
# of anything else, what is there may be an agent's, and is left.
_FAITES = (
    "UPDATE convention_immersion c SET emploi_fait = true FROM acte_emploi a"
    " WHERE a.collectivite = c.collectivite AND a.emploi_id = c.emploi_id AND a.type = 'debut'"
    " AND (a.client_id = 'service-parcours' OR a.cree_le = c.modifie_le)"
)


def upgrade() -> None:
    op.add_column(
        "convention_immersion",
        sa.Column("emploi_fait", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.alter_column("convention_immersion", "emploi_fait", server_default=None)
    op.create_index(
        op.f("ix_convention_immersion_collectivite_emploi_id"),
        "convention_immersion",
        ["collectivite", "emploi_id"],
    )
    # Row-level security holds for the owner too: each collectivité in its turn.
    op.execute(
        "DO $$ DECLARE code text; BEGIN FOR code IN SELECT collectivite FROM collectivite LOOP"
        f" PERFORM set_config('app.collectivite', code, true); {_FAITES};"
        " END LOOP; PERFORM set_config('app.collectivite', '', true); END $$"
    )
