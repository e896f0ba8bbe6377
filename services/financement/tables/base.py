"""The metadata that every table of financement is in, and the keys between them."""

from sqlalchemy import ForeignKeyConstraint, MetaData
from sqlalchemy.orm import DeclarativeBase

from shared.socle.tables import CONVENTION, TYPES


class Base(DeclarativeBase):
    """Metadata of this service's tables."""

    metadata = MetaData(naming_convention=CONVENTION)
    type_annotation_map = TYPES


def vers(*noms: str) -> list[ForeignKeyConstraint]:
    """Foreign keys that cannot cross two collectivités, each by `<nom>_id`."""
    return [
        ForeignKeyConstraint(["collectivite", f"{nom}_id"], [f"{nom}.collectivite", f"{nom}.id"])
        for nom in noms
    ]
