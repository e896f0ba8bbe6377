"""How a person is recognised, without keeping what recognises them in clear."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.orientation.flux.canonique import EtatDossier
from shared.refus import Erreur, Refus, Validation
from shared.schemas.orientation.personnes import (
    EnregistrementCreation,
    PersonneRequete,
    ReconnuePar,
    SituationRsa,
    SourcePersonne,
)
from shared.schemas.orientation.vocabulaire import OrganismeDemande

# Refused, or over: nobody is a beneficiary under these (flux-caf.md, 4).
_ETATS_SANS_DROIT = frozenset(
    {EtatDossier.REFUSE, EtatDossier.CLOS, EtatDossier.CLOS_ANTERIEUREMENT}
)


class PersonneExistante(Refus):
    """The person, or the partner's key, is there already: the answer says under which id."""

    code = "reference-externe-existante"
    detail = "Cette personne est deja enregistree."


class IdentiteAmbigue(Refus):
    """Several persons bear this identity: only a number tells which."""

    code = "reference-externe-existante"
    detail = "Plusieurs personnes ont cette identite : il faut un numero pour les distinguer."


class PersonneFusionnee(Refus):
    """Another person absorbed this one: that one is to be used."""

    code = "transition-interdite"
    detail = "Cette personne a ete fusionnee avec une autre."

    def __init__(self, fusionnee_avec_id: UUID) -> None:
        super().__init__(
            statut_actuel="fusionnee",
            transitions_possibles=[],
            fusionnee_avec_id=str(fusionnee_avec_id),
        )


class PersonneDuFlux(Refus):
    """The CAF or MSA says who this person is: the next flux would undo what is changed here."""

    code = "transition-interdite"
    detail = "Le flux tient cette personne : la correction se fait a la CAF ou a la MSA."

    def __init__(self) -> None:
        super().__init__(statut_actuel="tenue_par_le_flux", transitions_possibles=[])


def identite_canonique(nom: str, prenoms: str, date_naissance: date) -> str:
    """Return one spelling of a civil identity: no accent, no case, no punctuation."""
    return "|".join((lettres(nom), lettres(prenoms), date_naissance.isoformat()))


def identites_proches(
    nom: str, prenoms: str, nom_naissance: str | None, date_naissance: date
) -> tuple[str, str | None]:
    """Return what people who may be one share: birth, a name and the first given name.

    The two names are in one order, so that a name and a given name typed in the wrong fields are
    found too. The second is that of the birth name; None without another one.
    """
    prenom = premier_prenom(prenoms)

    def proche(un: str) -> str:
        return "|".join((*sorted((lettres(un), prenom)), date_naissance.isoformat()))

    usage = proche(nom)
    naissance = proche(nom_naissance) if nom_naissance else None
    return usage, naissance if naissance != usage else None


def premier_prenom(prenoms: str) -> str:
    """Return the first given name alone: many sources know no other."""
    return lettres(next(iter(prenoms.replace(",", " ").split()), ""))


@dataclass(frozen=True)
class Candidat:
    """A person who may be the one that is sent, and what finds them.

    Args:
        id: who is to be used: the person herself, or the one who absorbed her.
        naissance: her own birth date.
        cles: the keys that she shares with what is sent.
        autre_nir: what is sent bears a NIR, and she has another one.
    """

    id: UUID
    naissance: date
    cles: frozenset[ReconnuePar]
    autre_nir: bool = False


def reconnaitre(
    date_naissance: date, candidats: Sequence[Candidat], *, numero: bool
) -> tuple[UUID | None, ReconnuePar]:
    """Return who is recognised and by what; None when it is a new person.

    NIR, then number at France Travail, then the client's own key, then number of the foyer and
    role; each with the birth date. A name alone recognises, and changes nothing: when a number was
    sent that nobody bears, the person is new, and her namesake a rapprochement to decide.

    Args:
        date_naissance: as it is sent.
        candidats: those who share a key or the whole identity.
        numero: a NIR, a number at France Travail or a number of a foyer is sent.

    Raises:
        PersonneExistante: a key that only one may bear is that of somebody of whom no such key
            agrees: all are of one born another day, or who has another NIR. One who absorbed
            another bears the keys and the birth of both. The answer tells who only to whoever gave
            them that key.
        IdentiteAmbigue: several namesakes, and no number.

    Source: identifiers.md, 1 to 3; flux-caf.md, 2. That a name alone writes nothing is proposed.
    """
    uniques = (ReconnuePar.NIR, ReconnuePar.NUMERO_FRANCE_TRAVAIL, ReconnuePar.REFERENCE)
    sure = [un for un in candidats if un.naissance == date_naissance and not un.autre_nir]
    agreed = {un.id for un in sure if un.cles & set(uniques)}
    for candidat in candidats:
        if candidat.id not in agreed and candidat.cles & set(uniques):
            own = ReconnuePar.REFERENCE in candidat.cles
            raise PersonneExistante(**({"id": str(candidat.id)} if own else {}))
    for cle in (*uniques, ReconnuePar.MATRICULE):
        for candidat in sure:
            if cle in candidat.cles:
                return candidat.id, cle
    homonymes = {un.id for un in sure if ReconnuePar.IDENTITE in un.cles}
    if numero or not homonymes:
        return None, ReconnuePar.AUCUNE
    if len(homonymes) > 1:
        raise IdentiteAmbigue
    return homonymes.pop(), ReconnuePar.IDENTITE


def valeurs_recues(demande: EnregistrementCreation) -> dict[str, Any]:
    """Return the columns that are sent of a person who is known; absent says nothing of them."""
    sent = demande.model_dump(
        include={
            "nom",
            "prenoms",
            "nom_naissance",
            "numero_france_travail",
            "beneficiaire_rsa",
            "droits_devoirs",
            "date_risque_rsa",
            "source_risque_rsa",
        }
    ) | {"commune": demande.code_commune}
    return {nom: valeur for nom, valeur in sent.items() if valeur is not None}


def cles_communes(
    personne_id: UUID, date_naissance: date, candidats: Sequence[Candidat]
) -> list[UUID]:
    """Return the others, born the same day, who bear a key that was sent with this person's."""
    return sorted(
        {
            un.id
            for un in candidats
            if un.id != personne_id
            and un.naissance == date_naissance
            and un.cles - {ReconnuePar.IDENTITE}
        }
    )


def verifier_foyer(organisme_payeur: str | None, matricule: str | None, role: str | None) -> None:
    """Check that the number of a foyer comes with its caisse and the role: it names no person.

    Raises:
        Validation: `requis`, with the field.

    Source: identifiers.md, 2.
    """
    sent = {"organisme_payeur": organisme_payeur, "matricule": matricule, "role": role}
    if any(sent.values()) and not all(sent.values()):
        message = "Caisse, matricule et role vont ensemble"
        raise Validation(
            [Erreur(f"/{nom}", "requis", message) for nom, valeur in sent.items() if not valeur]
        )


def verifier_risque(
    date_risque: date | None,
    source: SourcePersonne | None,
    *,
    beneficiaire: bool | None,
    jour: date,
) -> None:
    """Check what is said of a risk of entering RSA: since when and by whom, and of no recipient.

    Raises:
        Validation: `requis`, `date-incoherente` or `hors-bornes`, with the field.
    """
    erreurs = []
    if (date_risque is None) != (source is None):
        nom = "source_risque_rsa" if source is None else "date_risque_rsa"
        erreurs.append(Erreur(f"/{nom}", "requis", "Date et source du risque vont ensemble"))
    if date_risque is not None and not date(1988, 12, 1) <= date_risque <= jour:
        message = "La date du risque est dans l'avenir, ou precede le revenu minimum"
        erreurs.append(Erreur("/date_risque_rsa", "date-incoherente", message))
    if date_risque is not None and beneficiaire:
        message = "Un beneficiaire n'est plus a risque d'entrer au RSA"
        erreurs.append(Erreur("/date_risque_rsa", "hors-bornes", message))
    if erreurs:
        raise Validation(erreurs)


def situation_rsa(*, beneficiaire: bool, date_risque: date | None) -> SituationRsa:
    """Return where a person stands: a right that opened ends the risk, which stays dated."""
    if beneficiaire:
        return SituationRsa.BENEFICIAIRE
    return SituationRsa.HORS_RSA if date_risque is None else SituationRsa.A_RISQUE


def verifier_orientable(situation: SituationRsa, demande: OrganismeDemande | None) -> None:
    """Check that a person at risk asked for help: the risk alone opens no orientation.

    Raises:
        Validation: `requis`.

    Source: code du travail, L5411-5-1 II 3° and 4° (who asks a mission locale or a Cap emploi).
    """
    if situation is SituationRsa.A_RISQUE and demande is None:
        message = "A risque d'entrer au RSA : l'organisme a qui la personne s'est adressee"
        raise Validation([Erreur("/organisme_demande", "requis", message)])


class DossierClos(Refus):
    """The right to RSA has ended: there is nothing for the département to decide."""

    code = "transition-interdite"
    detail = "Le droit au RSA de cette personne est clos ou refuse."

    def __init__(self, etat: EtatDossier) -> None:
        super().__init__(statut_actuel="clos", transitions_possibles=[], etat_dossier=etat.value)


def exige_droit(etat: EtatDossier | None, demande: OrganismeDemande | None) -> None:
    """Check that no orientation is opened on a dossier that is closed or refused.

    Without the RSA, one may still ask a mission locale or a Cap emploi (L5411-5-1 II 3° and 4°).

    Args:
        etat: of the person's dossier; None for one whom no flux brought.
        demande: whom the person asked.

    Raises:
        DossierClos: with the state that the flux told.
    """
    if etat is not None and etat in _ETATS_SANS_DROIT and demande is None:
        raise DossierClos(etat)


def verifier_naissance(date_naissance: date, jour: date) -> None:
    """Check that a birth is past, and within living memory.

    Raises:
        Validation: `date-incoherente`.
    """
    if not date(1900, 1, 1) <= date_naissance <= jour:
        message = "La date de naissance n'est pas plausible"
        raise Validation([Erreur("/date_naissance", "date-incoherente", message)])


def verifier_recherche(demande: PersonneRequete) -> None:
    """Check that one of the two ways of searching is used, and whole.

    Raises:
        Validation: `requis` or `champ-inconnu`, with the field.
    """
    if demande.nir is not None:
        erreurs = [
            Erreur(f"/{nom}", "champ-inconnu", "La recherche par NIR ne prend pas l'identite")
            for nom in ("nom", "prenoms")
            if getattr(demande, nom) is not None
        ]
    else:
        erreurs = [
            Erreur(f"/{nom}", "requis", "Requis quand le NIR est absent")
            for nom in ("nom", "prenoms")
            if getattr(demande, nom) is None
        ]
    if erreurs:
        raise Validation(erreurs)


def lettres(texte: str) -> str:
    """Return the letters and digits of a name, one spelling of each."""
    # Every alphabet keeps its letters: dropping what is not ASCII would make all of them alike.
    entier = texte.casefold().replace("œ", "oe").replace("æ", "ae")
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", entier)))
