"""Tables of the volume guard, in the services that know persons.

Apart from each service's own: a person is read here, and nothing here is of that person's file.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, MetaData, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped

from shared.schemas.volumes import EtatVolume
from shared.socle.dictionnaire import INDIRECTE, colonne, fiche
from shared.socle.tables import CONVENTION, TYPES, Cloisonnee, Versionnee


class Base(DeclarativeBase):
    """Metadata of the guard."""

    metadata = MetaData(naming_convention=CONVENTION)
    type_annotation_map = TYPES


class PersonneLue(Cloisonnee, Base):
    """A person whom a client was shown that day: one row, however often."""

    __tablename__ = "personne_lue"
    __table_args__ = fiche(
        "Une personne qu'un client a lue ce jour-là, le temps de compter",
        source="service",
        conserve="jusqu'à la fin du jour, puis seul le nombre reste",
    )

    client_id: Mapped[str] = colonne("Client OAuth qui a lu", source="jeton", primary_key=True)
    jour: Mapped[date] = colonne("Jour civil de la collectivité", primary_key=True)
    lue_id: Mapped[UUID] = colonne("La personne, opaque", INDIRECTE, primary_key=True)


class VolumeLu(Versionnee, Base):
    """How many distinct persons a client was shown in a day, and what was decided of it."""

    __tablename__ = "volume_lu"
    __table_args__ = (
        UniqueConstraint("collectivite", "client_id", "jour"),
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "etat", "cree_le", "id"),
        fiche(
            "Combien de personnes un client a lues en un jour, et ce qui en fut décidé",
            source="service",
            conserve="{VOLUMES_JOURS} jours après ce jour",
        ),
    )

    client_id: Mapped[str] = colonne("Client OAuth qui a lu", source="jeton")
    jour: Mapped[date] = colonne("Jour civil de la collectivité")
    nombre: Mapped[int] = colonne("Personnes distinctes montrées", unite="personnes")
    reference: Mapped[int] = colonne(
        "Médiane de ses jours d'activité, ou le plancher", unite="personnes"
    )
    seuil_alerte: Mapped[int] = colonne("Dernier nombre sans alerte", unite="personnes")
    seuil_blocage: Mapped[int] = colonne("Dernier nombre admis", unite="personnes")
    etat: Mapped[str] = colonne("Où en est ce jour", codes=EtatVolume)
    leve_par: Mapped[str | None] = colonne("Client qui a levé le blocage", source="jeton")
    leve_le: Mapped[datetime | None] = colonne("Instant de la levée")
