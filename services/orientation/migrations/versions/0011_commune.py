"""La commune de la personne, à côté de son orientation, et ce qui la tient juste."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0011", "0010"


def upgrade() -> None:
    op.add_column("orientation", sa.Column("commune", sa.Text(), nullable=True))
    # Whoever moves a person, or gives a case to another: each has its own code, and none forgets.
    op.execute(
        "CREATE FUNCTION orientation_commune() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN NEW.commune := (SELECT commune FROM personne"
        " WHERE collectivite = NEW.collectivite AND id = NEW.personne_id);"
        " RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER commune BEFORE INSERT OR UPDATE OF personne_id ON orientation"
        " FOR EACH ROW EXECUTE FUNCTION orientation_commune()"
    )
    op.execute(
        "CREATE FUNCTION personne_commune() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN UPDATE orientation SET commune = NEW.commune"
        " WHERE collectivite = NEW.collectivite AND personne_id = NEW.id;"
        " RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER commune AFTER UPDATE OF commune ON personne FOR EACH ROW"
        " WHEN (OLD.commune IS DISTINCT FROM NEW.commune) EXECUTE FUNCTION personne_commune()"
    )
