"""Ce qui fut décidé hors délai, comparé une fois par la base, à côté de l'orientation.

Apart from 0014, so that no reading waits while what is there is filled and indexed.
"""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0013_1", "0013"


def upgrade() -> None:
    op.add_column("orientation", sa.Column("hors_delai", sa.Boolean(), nullable=True))
    # The day of the decision is of another table: neither a generated column nor an index has both.
    op.execute(
        "CREATE FUNCTION orientation_hors_delai() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN NEW.hors_delai := (SELECT date_decision > NEW.date_limite FROM decision"
        " WHERE collectivite = NEW.collectivite AND id = NEW.decision_id);"
        " RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER hors_delai BEFORE INSERT OR UPDATE OF decision_id, date_limite"
        " ON orientation FOR EACH ROW EXECUTE FUNCTION orientation_hors_delai()"
    )
