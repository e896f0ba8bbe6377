"""The metadata that every table of parcours is in."""

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from shared.socle.tables import CONVENTION, TYPES


class Base(DeclarativeBase):
    """Metadata of this service's tables."""

    metadata = MetaData(naming_convention=CONVENTION)
    type_annotation_map = TYPES
