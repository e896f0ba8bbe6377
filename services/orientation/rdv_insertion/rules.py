"""What rdv-insertion tells: who signed it, what it says, and what of it is kept. Pure.

Source: partners.md §1.3 and §1.4; the shape of the bodies is that of their blueprints.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from shared.identifiants import nir_complet
from shared.refus import Refus
from shared.schemas.orientation.rdv_insertion import (
    EtapeRendezVous,
    ModeRattachement,
    StatutRendezVousPartenaire,
)

RDV, USAGER, INVITATION = "Rdv", "User", "Invitation"
CREE, DETRUIT = "created", "destroyed"
# Their clock and ours: what is dated later than this would hide all that follows it.
AVANCE = timedelta(minutes=10)
# As long as a body is kept: of what is older, nobody could tell any more that it came before.
RECEPTIONS_JOURS = 90
# They remove theirs after two years and tell nobody: ours go in the same time. No text fixes it.
RENDEZ_VOUS_JOURS = 730
STATUTS: Mapping[str, StatutRendezVousPartenaire] = {
    "unknown": StatutRendezVousPartenaire.NON_RENSEIGNE,
    "seen": StatutRendezVousPartenaire.HONORE,
    "noshow": StatutRendezVousPartenaire.ABSENT,
    "excused": StatutRendezVousPartenaire.EXCUSE,
    "revoked": StatutRendezVousPartenaire.ANNULE,
}
_REFERENCE = re.compile(r"[A-Za-z0-9-]{1,40}")
_CATEGORIE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_FORMAT = re.compile(r"[a-z][a-z_]{0,19}")
_MOT = re.compile(r"[A-Za-z]{1,40}")
# "2024-08-15 19:30:08 +0200" is what they write: no ISO 8601 has this space.
_DECALAGE = re.compile(r" (?=[+-]\d{2}:?\d{2}$)")
_EMPREINTE = re.compile(r"[0-9a-f]{64}")

_T = TypeVar("_T")


class SignatureInvalide(Refus):
    """Neither secret of this collectivité signed these bytes, or none is known."""

    code = "preuve-invalide"
    detail = "La signature X-RDVI-SIGNATURE n'est pas celle de ce corps."

    @property
    def headers(self) -> dict[str, str]:
        """A 401 says what it waits for."""
        return {"WWW-Authenticate": "X-RDVI-SIGNATURE"}


class Inintelligible(Exception):
    """It was signed, and says nothing that can be read: kept, and done nothing with."""


@dataclass(frozen=True)
class Usager:
    """Somebody of theirs: their number for them, and what may tell who it is here."""

    reference: str
    nir: str | None = None
    numero_france_travail: str | None = None
    reference_interne: str | None = None
    date_naissance: date | None = None


@dataclass(frozen=True)
class Participation:
    """One person at one rendez-vous."""

    reference: str
    usager: Usager
    statut: StatutRendezVousPartenaire


@dataclass(frozen=True)
class RendezVousLu:
    """A rendez-vous, as they tell it."""

    categorie: str
    debut_le: datetime
    duree_minutes: int
    participations: tuple[Participation, ...]


@dataclass(frozen=True)
class Evenement:
    """What was told: of what, when, and what can be used of it.

    `rendez_vous` is of a Rdv that stands, `usager` of a User or of an Invitation; of this one,
    `categorie` and `format` say what left, when they are told.
    """

    modele: str
    objet: str
    evenement: str
    emis_le: datetime
    rendez_vous: RendezVousLu | None = None
    usager: Usager | None = None
    categorie: str | None = None
    format: str | None = None

    @property
    def cree(self) -> bool:
        """Whether its object is new, there: what is told of it later is not that it left."""
        return self.evenement == CREE

    @property
    def detruit(self) -> bool:
        """Whether its object is no more, there."""
        return self.evenement == DETRUIT


@dataclass(frozen=True)
class Connue:
    """A person found by one of the keys of a usager."""

    personne_id: UUID
    date_naissance: date


def corps_signe(corps: bytes, signature: str | None, secrets: Iterable[str]) -> bytes:
    """Return the bytes that were signed.

    Some bodies are sent in Latin-1 and signed as the UTF-8 text that they were: those that are no
    UTF-8 are tried both ways. Every secret is tried, each in constant time.

    Raises:
        SignatureInvalide: by none of the secrets.
    """
    lus = [corps]
    try:
        corps.decode()
    except UnicodeDecodeError:
        lus.append(corps.decode("latin-1").encode())
    recue = (signature or "").lower()
    if not _EMPREINTE.fullmatch(recue):
        raise SignatureInvalide
    signes = [
        lu
        for lu in lus
        for secret in secrets
        if hmac.compare_digest(hmac.new(secret.encode(), lu, hashlib.sha256).hexdigest(), recue)
    ]
    if not signes:
        raise SignatureInvalide
    return signes[-1]


def lire(corps: Any, maintenant: datetime) -> Evenement:
    """Read what a body says.

    Raises:
        Inintelligible: what it is about cannot be told, or when, or its rendez-vous is nobody's.
    """
    meta, data = _objet(_objet(corps).get("meta")), _objet(_objet(corps).get("data"))
    modele, fait = _mot(meta.get("model")), _mot(meta.get("event"))
    emis_le = _instant(meta.get("timestamp"))
    if emis_le > maintenant + AVANCE:
        raise Inintelligible
    lu = Evenement(modele, _reference(data.get("id")), fait, emis_le)
    match modele:
        case "Rdv" if not lu.detruit:
            return Evenement(**vars(lu) | {"rendez_vous": _rendez_vous(data)})
        case "User":
            return Evenement(**vars(lu) | {"usager": _usager(data)})
        case "Invitation":
            motif = data.get("motif_category")
            dite = motif.get("short_name") if isinstance(motif, dict) else None
            envoi = {
                "categorie": _parmi(_CATEGORIE, dite),
                "format": _parmi(_FORMAT, data.get("format")),
            }
            return Evenement(**vars(lu) | envoi | {"usager": _usager(_objet(data.get("user")))})
    return lu


def depasse(emis_le: datetime, dernier_le: datetime | None, maintenant: datetime) -> bool:
    """Tell whether something later was applied, or may have been: their dates have no sub-second.

    Of one second, the last to come wins.
    """
    if emis_le < maintenant - timedelta(days=RECEPTIONS_JOURS):
        return True
    return dernier_le is not None and emis_le < dernier_le


def etape(categorie: str) -> EtapeRendezVous:
    """Tell to which step of the person a category of motif belongs."""
    if categorie.startswith("rsa_orientation"):
        return EtapeRendezVous.ORIENTATION
    if categorie.startswith("rsa_"):
        return EtapeRendezVous.ACCOMPAGNEMENT
    return EtapeRendezVous.AUTRE


def reconnaitre(
    usager: Usager, candidats: Mapping[ModeRattachement, Sequence[Connue]]
) -> tuple[UUID, ModeRattachement] | None:
    """Tell who a usager is here, and by what: never by a name.

    The first key that finds somebody decides. Born another day, or found twice, it is for a person
    to tell: a number may be copied wrong, there or here.
    """
    for mode in (
        ModeRattachement.NIR,
        ModeRattachement.NUMERO_FRANCE_TRAVAIL,
        ModeRattachement.REFERENCE,
    ):
        trouvees = {une.personne_id: une for une in candidats.get(mode, ())}
        if not trouvees:
            continue
        if len(trouvees) > 1:
            return None
        (une,) = trouvees.values()
        if usager.date_naissance != une.date_naissance:
            return None
        return une.personne_id, mode
    return None


def _rendez_vous(data: Mapping[str, Any]) -> RendezVousLu:
    participations = data.get("participations")
    if not isinstance(participations, list) or not participations:
        raise Inintelligible
    categorie = _objet(_objet(data.get("motif")).get("motif_category")).get("short_name")
    if not isinstance(categorie, str) or not _CATEGORIE.fullmatch(categorie):
        raise Inintelligible
    duree = data.get("duration_in_min")
    if not isinstance(duree, int) or not 0 <= duree <= 24 * 60:
        raise Inintelligible
    return RendezVousLu(
        categorie=categorie,
        debut_le=_instant(data.get("starts_at")),
        duree_minutes=duree,
        participations=tuple(_participation(_objet(une)) for une in participations),
    )


def _participation(data: Mapping[str, Any]) -> Participation:
    # A state that they will add is not one that we know: it is told, and not guessed.
    statut = STATUTS.get(str(data.get("status")), StatutRendezVousPartenaire.AUTRE)
    return Participation(_reference(data.get("id")), _usager(_objet(data.get("user"))), statut)


def _usager(data: Mapping[str, Any]) -> Usager:
    return Usager(
        reference=_reference(data.get("id")),
        nir=_sinon(nir_complet, data.get("nir")),
        numero_france_travail=_texte(data.get("france_travail_id")),
        reference_interne=_texte(data.get("department_internal_id")),
        date_naissance=_sinon(date.fromisoformat, data.get("birth_date")),
    )


def _objet(valeur: Any) -> Mapping[str, Any]:
    if not isinstance(valeur, dict):
        raise Inintelligible
    return valeur


def _reference(valeur: Any) -> str:
    if isinstance(valeur, bool) or not isinstance(valeur, int | str):
        raise Inintelligible
    texte = str(valeur)
    if not _REFERENCE.fullmatch(texte):
        raise Inintelligible
    return texte


def _mot(valeur: Any) -> str:
    if not isinstance(valeur, str) or not _MOT.fullmatch(valeur):
        raise Inintelligible
    return valeur


def _instant(valeur: Any) -> datetime:
    lu = _sinon(datetime.fromisoformat, _ecrit(valeur))
    if lu is None or lu.tzinfo is None or not 2000 <= lu.year <= 2200:
        raise Inintelligible
    return lu.astimezone(UTC)


def _ecrit(valeur: Any) -> Any:
    if not isinstance(valeur, str):
        return valeur
    return _DECALAGE.sub("", valeur.removesuffix(" UTC") + "Z" * valeur.endswith(" UTC"))


def _parmi(forme: re.Pattern[str], valeur: Any) -> str | None:
    """What has a form; anything else is not told."""
    return valeur if isinstance(valeur, str) and forme.fullmatch(valeur) else None


def _texte(valeur: Any) -> str | None:
    """What may be a key; what the base could not hold is none."""
    if isinstance(valeur, str) and 0 < len(valeur) <= 64 and valeur.isprintable():
        return valeur
    return None


def _sinon(lecture: Callable[[str], _T], valeur: Any) -> _T | None:
    if not isinstance(valeur, str):
        return None
    try:
        return lecture(valeur)
    except ValueError:
        return None
