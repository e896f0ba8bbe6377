"""Pour quoi une invitation est partie, et quand : ni deux fois, ni plus vite qu'ils n'admettent."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0024", "0023"
_TABLE = "invitation_rdv_insertion"


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("categorie", sa.Text(), nullable=True))
    op.add_column(
        _TABLE, sa.Column("tentee_le", postgresql.TIMESTAMP(timezone=True), nullable=True)
    )
    op.create_index(
        op.f("ix_invitation_rdv_insertion_collectivite_tentee_le"),
        _TABLE,
        ["collectivite", "tentee_le"],
    )
