"""Propose an organisme référent, and check that one may be référent.

The rules of the table stand in `table-decision-organisme.csv`: types, base and source.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from uuid import UUID

from services.orientation.orientations.rules import Base
from shared.referentiels import charger
from shared.refus import Erreur, Validation
from shared.schemas.orientation.vocabulaire import TypeOrganisme, TypeParcours

VERSION_TABLE_ORGANISME = "organisme-2025-01-01"


@dataclass(frozen=True)
class TrancheAge:
    """Ages in full years, both included, from the day the text takes effect."""

    depuis: date
    minimum: int
    maximum: int
    source: str

    def contient(self, age: int) -> bool:
        """Tell whether an age is within the bounds."""
        return self.minimum <= age <= self.maximum


AGES_MISSION_LOCALE = TrancheAge(date(2025, 1, 1), 16, 25, "Code du travail L5314-2")


@dataclass(frozen=True)
class Situation:
    """What the rules need to know of a person besides the criteria, on one day."""

    brsa: bool
    age: int | None
    code_commune: str | None = None
    boe: bool | None = None
    boe_souhait_accompagnement: bool | None = None
    demande_mission_locale: bool = False
    demande_cap_emploi: bool = False


def age_revolu(date_naissance: date, jour: date) -> int:
    """Return the full years lived on `jour`; born on 29 February, one ages on 1 March."""
    avant = (jour.month, jour.day) < (date_naissance.month, date_naissance.day)
    return jour.year - date_naissance.year - avant


@dataclass(frozen=True)
class Organisme:
    """A candidate. No commune means the whole département; both ends of the period count.

    For a délégataire the period is that of its convention, without which it is no candidate.
    """

    id: UUID
    type: TypeOrganisme
    communes: frozenset[str] = frozenset()
    date_debut: date | None = None
    date_fin: date | None = None
    accompagnement_global: bool = False  # France Travail, by convention with the département


class MotifEcart(StrEnum):
    """Why an organisme is not the one proposed."""

    CONVENTION_ABSENTE = "convention_absente"
    PERIODE_NON_COMMENCEE = "periode_non_commencee"
    PERIODE_ECHUE = "periode_echue"
    COMMUNE_INCONNUE = "commune_inconnue"
    HORS_TERRITOIRE = "hors_territoire"
    AGE_INCONNU = "age_inconnu"
    HORS_AGE = "hors_age"
    CAPACITE_ATTEINTE = "capacite_atteinte"
    TYPE_NON_RETENU = "type_non_retenu"
    NON_PRIORITAIRE = "non_prioritaire"


@dataclass(frozen=True)
class Ecart:
    """An organisme set aside."""

    organisme_id: UUID
    motif: MotifEcart


@dataclass(frozen=True)
class RegleLocale:
    """Types set by a joint order of the préfet and the PCD, for a parcours, a territory, a public.

    No commune means everywhere; ages are in full years, both ends included. It is dated by the
    set of rules that holds it.
    """

    reference: str
    type_parcours: TypeParcours
    types: tuple[TypeOrganisme, ...]
    communes: frozenset[str] = frozenset()
    age_min: int | None = None
    age_max: int | None = None
    boe: bool | None = None

    def vaut(self, type_parcours: TypeParcours, situation: Situation) -> bool:
        """Tell whether the order binds; what is unknown of a person meets none of its bounds."""
        ici = not self.communes or situation.code_commune in self.communes
        public = self.boe is None or situation.boe is self.boe
        return ici and public and self._admet(situation.age) and type_parcours is self.type_parcours

    def _admet(self, age: int | None) -> bool:
        if age is None:
            return self.age_min is None and self.age_max is None
        return (self.age_min is None or self.age_min <= age) and (
            self.age_max is None or age <= self.age_max
        )

    @property
    def conditions(self) -> frozenset[str]:
        """What it asks of the person besides where they live."""
        age = self.age_min is not None or self.age_max is not None
        return frozenset(["age"] * age + ["boe"] * (self.boe is not None))


@dataclass(frozen=True)
class Defaut:
    """Information still missing at the due date, through the person's fault."""

    decideur: TypeOrganisme
    organisme_en_charge_id: UUID | None = None


@dataclass(frozen=True)
class RegleOrganisme:
    """A row of the organisme table: its types, the preferred first."""

    code: str
    types: tuple[TypeOrganisme, ...]
    base: Base
    source: str
    conditions: frozenset[str] = frozenset()  # what it asks of the person, besides the parcours


_CONDITIONS = {
    "O06": frozenset({"boe", "boe_souhait_accompagnement"}),
    "O07": frozenset({"age"}),
}
REGLES = {
    ligne["regle"]: RegleOrganisme(
        code=ligne["regle"],
        types=tuple(TypeOrganisme(nom) for nom in ligne["organismes"].split("|") if nom),
        base=Base(ligne["base"]),
        source=ligne["source"],
        conditions=_CONDITIONS.get(ligne["regle"], frozenset()),
    )
    for ligne in charger("table-decision-organisme")
}


@dataclass(frozen=True)
class TableOrganisme:
    """The rules by code, and what a joint order adds before them; the first that binds wins."""

    version: str
    regles: Mapping[str, RegleOrganisme]
    locales: tuple[RegleLocale, ...] = ()


TABLE_ORGANISME = TableOrganisme(VERSION_TABLE_ORGANISME, REGLES)


@dataclass(frozen=True)
class PropositionOrganisme:
    """The organisme proposed, if any, and every other one with the reason it is not.

    Without a rule, nothing was proposed because no parcours was.
    """

    regle: RegleOrganisme | None
    organisme_id: UUID | None
    type_organisme: TypeOrganisme | None
    ecartes: tuple[Ecart, ...]
    situation: Situation
    version: str


_MESSAGES = {
    MotifEcart.CONVENTION_ABSENTE: "Le delegataire n'a pas de convention",
    MotifEcart.PERIODE_NON_COMMENCEE: "L'organisme n'est pas encore actif a cette date",
    MotifEcart.PERIODE_ECHUE: "L'organisme n'est plus actif a cette date",
    MotifEcart.COMMUNE_INCONNUE: "La commune de residence est inconnue",
    MotifEcart.HORS_TERRITOIRE: "L'organisme n'agit pas sur la commune de residence",
    MotifEcart.AGE_INCONNU: "L'age est inconnu",
    MotifEcart.HORS_AGE: "L'age est hors des bornes de la mission locale",
}


def obstacle(organisme: Organisme, situation: Situation, jour: date) -> MotifEcart | None:
    """Return what bars an organisme from being référent, whatever the rule; None if nothing.

    Capacity bars nothing: a person without a place is oriented all the same, and waits.
    """
    convention_requise = organisme.type is TypeOrganisme.DELEGATAIRE_DEPARTEMENTAL
    if convention_requise and organisme.date_debut is None:
        return MotifEcart.CONVENTION_ABSENTE
    if organisme.date_debut and jour < organisme.date_debut:
        return MotifEcart.PERIODE_NON_COMMENCEE
    if organisme.date_fin and jour > organisme.date_fin:
        return MotifEcart.PERIODE_ECHUE
    if organisme.communes and situation.code_commune is None:
        return MotifEcart.COMMUNE_INCONNUE
    if organisme.communes and situation.code_commune not in organisme.communes:
        return MotifEcart.HORS_TERRITOIRE
    if organisme.type is TypeOrganisme.MISSION_LOCALE:
        if situation.age is None:
            return MotifEcart.AGE_INCONNU
        if not AGES_MISSION_LOCALE.contient(situation.age):
            return MotifEcart.HORS_AGE
    return None


def verifier_organisme(
    organisme: Organisme,
    situation: Situation,
    jour: date,
    *,
    pointeur: str = "/organisme_referent_id",
) -> None:
    """Check that the organisme a decision names may be référent on the day of the decision.

    Args:
        pointeur: the field of the caller that names it.

    Raises:
        Validation: it may not; the reason is `obstacle`'s.
    """
    if motif := obstacle(organisme, situation, jour):
        raise Validation([Erreur(pointeur, "hors-bornes", _MESSAGES[motif])])


def proposer_organisme(
    type_parcours: TypeParcours | None,
    situation: Situation,
    organismes: Iterable[Organisme],
    jour: date,
    *,
    defaut: Defaut | None = None,
    table: TableOrganisme = TABLE_ORGANISME,
    complets: frozenset[UUID] = frozenset(),
) -> PropositionOrganisme:
    """Return the organisme of the first rule, O01 to O09, that finds one able to act on `jour`.

    Without one, the last applicable rule is told, with no organisme: the decider chooses.
    Ties are settled by the order of types in the rule, then by a territory of its own, then by
    id, so that the order in which organismes are given changes nothing.

    Args:
        type_parcours: the parcours proposed; None only makes sense with `defaut`.
        situation: the person, on `jour`.
        organismes: all candidates of the collectivité.
        jour: civil day of the proposal, where the collectivité is.
        defaut: set when the due date passed without the information (O01 to O03).
        table: the rules, and the orders that bind the département (O04).
        complets: set aside for want of room, when what is sought is where else there is some.

    Source: CASF R262-65-3; code du travail, L5411-5-1 III and IV; O05 to O09 are proposed.
    """
    candidats = sorted(organismes, key=lambda candidat: str(candidat.id))
    ecarts = {candidat.id: obstacle(candidat, situation, jour) for candidat in candidats}
    for candidat in candidats:
        if candidat.id in complets:
            ecarts[candidat.id] = ecarts[candidat.id] or MotifEcart.CAPACITE_ATTEINTE
    regle: RegleOrganisme | None = None
    retenus: list[Organisme] = []
    for regle in _applicables(type_parcours, situation, defaut, table):
        retenus = [o for o in candidats if ecarts[o.id] is None and _repond(o, regle, defaut)]
        if retenus:
            break
    choix = min(retenus, key=lambda o: _preference(o, regle), default=None)
    for candidat in candidats:
        repli = MotifEcart.NON_PRIORITAIRE if candidat in retenus else MotifEcart.TYPE_NON_RETENU
        ecarts[candidat.id] = ecarts[candidat.id] or repli
    return PropositionOrganisme(
        regle=regle,
        organisme_id=choix.id if choix else None,
        type_organisme=choix.type if choix else None,
        ecartes=tuple(
            Ecart(candidat.id, motif)
            for candidat in candidats
            if candidat is not choix and (motif := ecarts[candidat.id])
        ),
        situation=situation,
        version=table.version,
    )


def organisme_alternatif(
    type_parcours: TypeParcours,
    situation: Situation,
    organismes: Sequence[Organisme],
    jour: date,
    *,
    complets: frozenset[UUID],
    table: TableOrganisme = TABLE_ORGANISME,
) -> UUID | None:
    """Return the organisme with room that the same rule would propose; None if it finds none.

    It is told to one who waits, and changes nothing of the decision.
    """
    sans_borne = proposer_organisme(type_parcours, situation, organismes, jour, table=table)
    autre = proposer_organisme(
        type_parcours, situation, organismes, jour, table=table, complets=complets
    )
    return autre.organisme_id if autre.regle == sans_borne.regle else None


def _applicables(
    type_parcours: TypeParcours | None,
    situation: Situation,
    defaut: Defaut | None,
    table: TableOrganisme,
) -> Iterator[RegleOrganisme]:
    """Yield the rules that apply, by priority; only the last may end without an organisme."""
    if defaut:
        if defaut.organisme_en_charge_id:
            yield table.regles["O01"]
        yield table.regles["O03" if defaut.decideur is TypeOrganisme.FRANCE_TRAVAIL else "O02"]
        return
    if type_parcours is None:
        return
    for locale in table.locales:
        if locale.vaut(type_parcours, situation):
            yield replace(
                table.regles["O04"],
                types=locale.types,
                source=locale.reference,
                conditions=locale.conditions,
            )
            return
    if type_parcours is TypeParcours.SOCIAL:
        yield table.regles["O05"]
        return
    if situation.boe and situation.boe_souhait_accompagnement:
        yield table.regles["O06"]
    if situation.age is not None and situation.age <= AGES_MISSION_LOCALE.maximum:
        yield table.regles["O07"]
    yield table.regles["O08" if type_parcours is TypeParcours.SOCIO_PROFESSIONNEL else "O09"]


def _repond(candidat: Organisme, regle: RegleOrganisme, defaut: Defaut | None) -> bool:
    if regle.code == "O01":
        return defaut is not None and candidat.id == defaut.organisme_en_charge_id
    if regle.code == "O08" and candidat.type is TypeOrganisme.FRANCE_TRAVAIL:
        return candidat.accompagnement_global
    return candidat.type in regle.types


def _preference(candidat: Organisme, regle: RegleOrganisme | None) -> tuple[int, bool]:
    """The order of types in the rule, then a territory of its own before the whole département."""
    types = regle.types if regle else ()
    rang = types.index(candidat.type) if candidat.type in types else len(types)
    return rang, not candidat.communes
