"""rdv-insertion's API, as an agent of the département: persons found, written, and invited.

An invitation is a message that leaves at once: no call is repeated here, whoever asks decides.
Their limits: 500 calls in 5 minutes, 20 creations or invitations in one.

Source: partners.md §1, and their UsersController.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from shared.clients.jetons_partages import DEMANDE_S, Jeton, JetonsPartages, Magasin
from shared.clients.partenaires import ErreurPartenaire, ErreurRefusee, Reponse, appeler
from shared.clients.rdv_insertion.acces import AccesApiRdvInsertion

PAR_MINUTE = 20
_ENTETES = ("access-token", "client", "uid")
_DUREE_S = 24 * 3600  # they say nothing of it in the answer
_M = TypeVar("_M", bound=BaseModel)
_ERREURS: TypeAdapter[list[str | dict[str, Any]]] = TypeAdapter(
    Annotated[list[str | dict[str, Any]], Field(max_length=1000)]
)


class UsagerEnvoye(BaseModel):
    """What is told of a person: what they match by, and who it is. No contact of ours goes."""

    model_config = ConfigDict(frozen=True)

    first_name: str
    last_name: str
    birth_date: str
    birth_name: str | None
    role: str | None
    affiliation_number: str | None
    france_travail_id: str | None
    department_internal_id: str
    nir: str | None


class UsagerLu(BaseModel):
    """Somebody of theirs: their number, and ours if they have it."""

    model_config = ConfigDict(frozen=True)

    id: int
    department_internal_id: str | None = None


class InvitationLue(BaseModel):
    """A message that left."""

    model_config = ConfigDict(frozen=True)

    id: int
    format: Annotated[str, StringConstraints(pattern="^[a-z_]{1,20}$")]


class Invites(BaseModel):
    """Who was invited, and by what messages: none, when they know neither phone nor e-mail."""

    model_config = ConfigDict(frozen=True)

    user: UsagerLu
    invitations: list[InvitationLue]


class _Pagination(BaseModel):
    next_page: int | None


class PageUsagers(BaseModel):
    """A page of twenty-five."""

    model_config = ConfigDict(frozen=True)

    users: list[UsagerLu]
    pagination: _Pagination


class CategorieLue(BaseModel):
    """A category of motif."""

    short_name: str
    name: str


class OrganisationLue(BaseModel):
    """An organisation of theirs, and what it may invite for."""

    rdv_solidarites_organisation_id: int
    name: str
    motif_categories: list[CategorieLue]


class DepartementLu(BaseModel):
    """What a département has there."""

    number: str
    organisations: list[OrganisationLue]


class _Departement(BaseModel):
    department: DepartementLu


class _Usager(BaseModel):
    user: UsagerLu


class RefusRdvInsertion(ErreurPartenaire):
    """They read what was asked and decline it (422). Their sentences may quote a person."""

    def __init__(self, erreurs: Sequence[str | Mapping[str, Any]]) -> None:
        super().__init__(422, "refusee")
        self.erreurs = erreurs


class JetonsRdvInsertion(JetonsPartages):
    """The three headers of an agent, as one: each sign-in ends those that came before."""

    def __init__(
        self, acces: AccesApiRdvInsertion, magasin: Magasin, client: httpx.AsyncClient
    ) -> None:
        super().__init__(magasin)
        self._acces = acces
        self._client = client

    async def obtenir(self, *, apres: int = 0) -> Jeton:
        """Return headers newer than those of rank `apres`.

        Raises:
            ErreurPartenaire: 401, whatever they answered, or if nobody brought any back in time:
                nothing of what is called for has left.
        """
        try:
            found = await self.partager("rdv-insertion", self._signer, apres=apres)
        except ErreurPartenaire as error:
            raise ErreurPartenaire(401, error.code, attente_s=error.attente_s) from None
        if found is None:
            raise ErreurPartenaire(401, "jeton-attendu")
        return found

    async def _signer(self) -> tuple[str, int]:
        reponse = await appeler(
            self._client,
            "POST",
            f"{self._acces.url_connexion.rstrip('/')}/auth/sign_in",
            delai_s=DEMANDE_S,
            json={
                "email": self._acces.email,
                "password": self._acces.mot_de_passe.get_secret_value(),
            },
        )
        try:
            return json.dumps({nom: reponse.entetes[nom] for nom in _ENTETES}), _DUREE_S
        except KeyError:
            raise ErreurPartenaire(reponse.statut, "jeton-illisible") from None


class RdvInsertion:
    """Their API, for one collectivité."""

    def __init__(
        self, acces: AccesApiRdvInsertion, jetons: JetonsRdvInsertion, client: httpx.AsyncClient
    ) -> None:
        self._acces = acces
        self._jetons = jetons
        self._client = client

    async def lire_departement(self, numero: str) -> DepartementLu:
        """Return the organisations of a département, and their categories."""
        return (await self._appeler(_Departement, "GET", f"/departments/{numero}")).department

    async def chercher_usagers(
        self, organisation: int, texte: str, *, page: int = 1
    ) -> PageUsagers:
        """Return a page of the persons of an organisation that a text finds."""
        params = {"search_query": texte, "page": page}
        return await self._appeler(PageUsagers, "GET", _usagers(organisation), params=params)

    async def enregistrer(self, organisation: int, usager: UsagerEnvoye) -> UsagerLu:
        """Write a person there, or what is new of one."""
        corps = {"user": usager.model_dump(exclude_none=True)}
        return (await self._appeler(_Usager, "POST", _usagers(organisation), json=corps)).user

    async def enregistrer_et_inviter(
        self, organisation: int, usager: UsagerEnvoye, *, categorie: str
    ) -> Invites:
        """Write a person there, and have the messages of one invitation leave."""
        invitation = {"motif_category": {"short_name": categorie}}
        corps = {"user": {**usager.model_dump(exclude_none=True), "invitation": invitation}}
        chemin = f"{_usagers(organisation)}/create_and_invite"
        return await self._appeler(Invites, "POST", chemin, json=corps)

    async def _appeler(self, modele: type[_M], methode: str, chemin: str, **reste: Any) -> _M:
        """Call; with newer headers once, if those were ended by another's sign-in.

        Raises:
            RefusRdvInsertion: 422.
            ErreurPartenaire: anything else than a success that can be read.
        """
        jeton = await self._jetons.obtenir()
        try:
            reponse = await self._envoyer(jeton, methode, chemin, **reste)
        except ErreurPartenaire as error:
            if error.statut != 401:
                raise
            jeton = await self._jetons.obtenir(apres=jeton.rang)
            reponse = await self._envoyer(jeton, methode, chemin, **reste)
        try:
            return modele.model_validate_json(reponse.corps)
        except ValidationError:
            # A firewall's page is 200 too, and it may come after they have done it.
            raise ErreurPartenaire(None, "illisible") from None

    async def _envoyer(self, jeton: Jeton, methode: str, chemin: str, **reste: Any) -> Reponse:
        try:
            return await appeler(
                self._client,
                methode,
                f"{self._acces.url_api.rstrip('/')}{chemin}",
                delai_s=self._acces.delai_s,
                headers=json.loads(jeton.valeur),
                **reste,
            )
        except ErreurRefusee as error:
            if error.statut != 422:
                raise
            raise RefusRdvInsertion(_erreurs(error.reponse.corps)) from None


def _usagers(organisation: int) -> str:
    return f"/organisations/{organisation}/users"


def _erreurs(corps: bytes) -> Sequence[str | Mapping[str, Any]]:
    try:
        return _ERREURS.validate_python(json.loads(corps)["errors"])
    except (ValueError, LookupError, TypeError):
        return []
