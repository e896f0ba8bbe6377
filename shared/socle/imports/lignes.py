"""A line: read as strictly as a body, and applied by the very act of its route."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from shared.refus import Erreur, Refus, Validation
from shared.schemas.commun import Identifiant, ReferenceExterne
from shared.socle import problems
from shared.socle.contrat import CorpsTropGrand, parse
from shared.socle.db import Transaction
from shared.socle.reponses import Effet
from shared.socle.service import Service

LIGNE_MAX = 64 * 1024
LIGNES_MAX = 50_000
TAILLE_MAX = 50 * 1024 * 1024

D = TypeVar("D", bound=BaseModel)


class ReferenceExterneExistante(Refus):
    """The key stands for another line, of a type that an import does not change."""

    code = "reference-externe-existante"


@dataclass(frozen=True)
class TypeLigne:
    """One kind of lines.

    Args:
        modele: the body of the route that makes one.
        creer: the act of that route; called with (service, tx, body, **parents).
        portees: what the route asks beside the scope of imports.
        parents: identifiers that the path of the route names, and the line too.
        modifier: the act that a known line, changed, is: (service, tx, id, body). None: what was
            imported is changed by its own acts only, and the line is refused.
        reconnait: `creer` recognises by itself what it knows already, and says if it changed it.
    """

    modele: type[BaseModel]
    creer: Callable[..., Awaitable[Effet]]
    portees: Sequence[str]
    parents: Sequence[str] = ()
    modifier: Callable[[Service, Transaction, UUID, Any], Awaitable[Effet]] | None = None
    reconnait: bool = False


@dataclass(frozen=True)
class Ligne:
    """A line as read: what it asks, or why it cannot be."""

    cle: str | None = None
    reference: str | None = None
    empreinte: bytes = b""
    demande: BaseModel | None = None
    parents: Mapping[str, UUID] | None = None
    refus: Refus | None = None


class Lecteur:
    """Reads the lines of one type."""

    def __init__(self, type_: TypeLigne) -> None:
        self._type = type_
        tete: dict[str, Any] = {"ligne_cle": (ReferenceExterne, ...)}
        if not type_.reconnait:
            tete["reference_externe"] = (ReferenceExterne, ...)
        tete |= dict.fromkeys(type_.parents, (Identifiant, ...))
        self._tete = create_model("Tete", __config__=ConfigDict(strict=False), **tete)

    def lire(self, octets: bytes | None) -> Ligne:
        """Read a line; None stands for one that is too long."""
        try:
            if octets is None:
                raise CorpsTropGrand(corps_max_octets=LIGNE_MAX)
            contenu = parse(octets)
        except Refus as refus:
            return Ligne(refus=refus)
        if not isinstance(contenu, dict):
            return Ligne(refus=Validation([Erreur("/", "type-inattendu", "Objet attendu")]))
        erreurs: list[Any] = []
        champs = self._tete.model_fields
        tete = _valider(self._tete, {n: contenu[n] for n in champs if n in contenu}, erreurs)
        corps = {nom: valeur for nom, valeur in contenu.items() if nom not in champs}
        demande = _valider(self._type.modele, corps, erreurs)
        if tete is None or demande is None:
            fautives = {erreur["loc"][1] for erreur in erreurs}
            cle = contenu.get("ligne_cle") if "ligne_cle" not in fautives else None
            return Ligne(cle=cle, refus=problems.from_pydantic(erreurs))
        lue = tete.model_dump()
        canonique = {nom: valeur for nom, valeur in contenu.items() if nom != "ligne_cle"}
        return Ligne(
            cle=lue["ligne_cle"],
            reference=lue.get("reference_externe"),
            empreinte=hashlib.sha256(
                json.dumps(canonique, sort_keys=True, separators=(",", ":")).encode()
            ).digest(),
            demande=demande,
            parents={nom: lue[nom] for nom in self._type.parents},
        )


def _valider(modele: type[D], valeurs: Mapping[str, Any], erreurs: list[Any]) -> D | None:
    try:
        return modele.model_validate(valeurs)
    except ValidationError as error:
        erreurs += [
            {**one, "loc": ("body", *(one["loc"] or ("",)))}
            for one in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        return None


def retouche(modele: type[D], demande: BaseModel, courant: BaseModel, connue: UUID) -> D:
    """The patch that a changed line is: what it says, of what a patch may change.

    Raises:
        ReferenceExterneExistante: it says otherwise what no patch changes.
    """
    figes = [
        champ
        for champ in sorted(demande.model_fields_set - set(modele.model_fields))
        if getattr(demande, champ) != getattr(courant, champ, getattr(demande, champ))
    ]
    if figes:
        raise ReferenceExterneExistante(id=connue, champs=figes)
    # A body left out is a body's default: the line says all that the resource is to be.
    return modele.model_validate(demande.model_dump(mode="json", include=set(modele.model_fields)))
