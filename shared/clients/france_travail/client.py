"""France Travail's APIs about one usager, v1 and v4 as its documents say.

A client belongs to one collectivité and one process. Its calls are paced by product; they are
repeated as `reprises` says, within a patience, and stopped by a circuit. A person's token is kept
in memory until just before its end: nowhere else.

Source: france-travail-integration.md.
"""

import asyncio
import base64
import json
import random
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import stamina
from pydantic import TypeAdapter, ValidationError

from shared.clients.france_travail.acces import AccesFranceTravail, Agent
from shared.clients.france_travail.circuit import Circuit
from shared.clients.france_travail.contrats import (
    Activite,
    DecisionEnvoyee,
    FileLue,
    Json,
    OrientationForcee,
    OrientationLue,
    PageActivites,
    RendezVousEnvoye,
    RendezVousLu,
    Sanction,
    Statut,
    Usager,
)
from shared.clients.france_travail.erreurs import ErreurFranceTravail, lire_reponse
from shared.clients.france_travail.jetons import JetonsFranceTravail
from shared.clients.france_travail.reprises import Issue, Suite, attente_s, suite

M = TypeVar("M")
_JOUR_S, _MARGE_S, _GARDES = 86_400.0, 60.0, 10_000


@dataclass(frozen=True)
class Produit:
    """Where one API is, and the scopes that its tokens need."""

    base: str
    portees: str


RECHERCHE = Produit(
    "/rechercher-usager/v2", "api_rechercher-usagerv2 rechercheusager profil_accedant"
)
STATUT = Produit("/contrat-usager/v2", "api_contrat-usagerv2 statutcontratusager profil_accedant")
ORIENTATION = Produit(
    "/orientationusager/v1", "api_orientationusagerv1 orientationusager profil_accedant"
)
ACTIVITES = Produit(
    "/activites-operationnelles/v2", "api_activites-operationnellesv2 activitesCD profil_accedant"
)
RENDEZ_VOUS = Produit(
    "/rendez-vous-partenaire/v1", "api_rendez-vous-partenairev1 gererRDV profil_accedant"
)
# Its own scopes are published nowhere: to be agreed on before it is called for good.
DIAGNOSTIC = Produit("/diagnosticargumente/v4", "profil_accedant")
SANCTIONS = Produit(
    "/gestion-sanctions-rsa/v1", "api_gestion-sanctions-rsav1 gestiondesmanquements profil_accedant"
)


@dataclass(frozen=True)
class Identite:
    """By what a person is found: her number, or else her NIR and birth date."""

    date_naissance: date
    numero: str | None = None
    nir: str | None = None

    def __repr__(self) -> str:
        """Say nothing of her: it may end in a log."""
        return "Identite()"


class FranceTravail:
    """The client of one collectivité."""

    def __init__(
        self, acces: AccesFranceTravail, jetons: JetonsFranceTravail, client: httpx.AsyncClient
    ) -> None:
        self._acces = acces
        self._jetons = jetons
        self._client = client
        self._circuits: dict[str, Circuit] = {}
        self._prochains: dict[str, float] = {}
        self._usagers: OrderedDict[Identite, tuple[Usager, float]] = OrderedDict()

    # The person.
    async def rechercher(self, identite: Identite) -> Usager:
        """Find a person, or what is kept of her for a day.

        Raises:
            ErreurFranceTravail: nobody (S002), several (S003), out of reach, or no answer.
        """
        found, fin = self._usagers.get(identite, (None, 0.0))
        if found is not None and time.time() < fin:
            return found
        found = await self._trouver(identite)
        self._usagers[identite] = (found, _fin(found.jeton_usager) - _MARGE_S)
        self._usagers.move_to_end(identite)
        while len(self._usagers) > _GARDES:
            self._usagers.popitem(last=False)
        return found

    async def _trouver(self, identite: Identite) -> Usager:
        """Find by the number, and when it is nobody's by the NIR: a number may be of before."""
        if identite.numero:
            try:
                return await self._par("numero-francetravail", numeroFranceTravail=identite.numero)
            except ErreurFranceTravail as error:
                if not identite.nir or (error.code != "S002" and error.statut != 404):
                    raise
        if not identite.nir:
            raise ErreurFranceTravail(Issue(None, "sans-identifiant"), Suite.FINALE)
        jour = identite.date_naissance.isoformat()
        return await self._par("datenaissance-et-nir", dateNaissance=jour, nir=identite.nir)

    async def _par(self, cle: str, **corps: str) -> Usager:
        said = await self._appeler("POST", RECHERCHE, f"/usagers/par-{cle}", json=corps)
        if said is None:  # 204: their other way to say nobody
            raise ErreurFranceTravail(Issue(204, "S002"), Suite.FINALE)
        return _lire(Usager, said)

    def oublier(self, identite: Identite) -> None:
        """Drop the token kept of a person: the next call finds her again."""
        self._usagers.pop(identite, None)

    async def lire_statut(self, identite: Identite) -> Statut | None:
        """Read how she is registered."""
        said = await self._pour(identite, "GET", STATUT, "/contrat")
        return _lire(Statut, said.get("m_contrat") or {}) if said else None

    # Orientation.
    async def lire_orientations(self, identite: Identite) -> list[OrientationLue]:
        """Read all her orientations, whatever their state; they say in a list that there is none.

        Raises:
            ErreurFranceTravail: they said anything else: an empty answer is not "none".
        """
        said = await self._pour(identite, "GET", ORIENTATION, "/lectureOrientation")
        return _lire(list[OrientationLue], said)

    async def calculer_orientation(
        self, identite: Identite, criteres: Mapping[str, Any]
    ) -> OrientationLue:
        """Ask for a préconisation: the one that waited is replaced, so twice is once."""
        said = await self._pour(
            identite, "POST", ORIENTATION, "/calculOrientation", json=dict(criteres)
        )
        return _lire(OrientationLue, said or {})

    async def decider_orientation(self, identite: Identite, decision: DecisionEnvoyee) -> None:
        """Decide on the préconisation that waits; sent twice, the second is refused."""
        corps = decision.model_dump(mode="json", exclude_none=True)
        await self._pour(
            identite, "POST", ORIENTATION, "/decisionOrientation", json=corps, idempotent=False
        )

    async def forcer_orientation(self, identite: Identite, orientation: OrientationForcee) -> None:
        """Orient without criteria; sent twice, it would be there twice."""
        corps = orientation.model_dump(mode="json", exclude_none=True)
        await self._pour(
            identite, "POST", ORIENTATION, "/orientation", json=corps, idempotent=False
        )

    async def modifier_parcours(self, identite: Identite, parcours: str) -> None:
        """Change the parcours of the orientation in force; v1 takes it in a header."""
        await self._pour(
            identite,
            "PUT",
            ORIENTATION,
            "/modificationOrientation",
            headers={"codeParcours": parcours},
        )

    async def chercher_activites(self, code: str) -> FileLue:
        """Read the whole work queue of one code, e.g. ACT382: decisions to take.

        It changes while it is read: one that is met on two pages counts once.

        Raises:
            ErreurFranceTravail: it was not read to its end, and nothing of it may be believed gone.
        """
        found: dict[str, Activite] = {}
        params, pages = {"codeActivite": code}, 0
        while True:
            said = await self._appeler("GET", ACTIVITES, "/activites/chercher", params=params)
            pages += 1
            page = _lire(PageActivites, {"activites": []} if said is None else said)
            found |= {une.identifiant_activite: une for une in page.activites}
            if not page.has_more:
                return FileLue(list(found.values()), pages)
            # A cursor that leads nowhere, or back, would be followed for ever.
            if not page.activites or page.cursor in (None, params.get("cursor")):
                raise ErreurFranceTravail(Issue(200, "illisible"), Suite.FINALE)
            params = {"codeActivite": code, "cursor": str(page.cursor)}

    # Rendez-vous.
    async def lire_rendez_vous(self, identite: Identite) -> list[RendezVousLu]:
        """Read hers: those to come, and of the last thirty days."""
        said = await self._pour(identite, "GET", RENDEZ_VOUS, "/rendez-vous-usager")
        return _lire(list[RendezVousLu], said or [])

    async def creer_rendez_vous(self, identite: Identite, voulu: RendezVousEnvoye) -> str:
        """Tell a new one and return their id; if it is in doubt whether it is there, look."""
        corps = voulu.model_dump(mode="json", exclude_none=True, by_alias=True)
        try:
            said = await self._pour(
                identite, "POST", RENDEZ_VOUS, "/rendez-vous", json=corps, idempotent=False
            )
        except ErreurFranceTravail as error:
            if error.suite is not Suite.LIRE_AVANT:
                raise
            for un in await self.lire_rendez_vous(identite):
                if un.est(voulu):
                    return un.id_origine
            said = await self._pour(
                identite, "POST", RENDEZ_VOUS, "/rendez-vous", json=corps, idempotent=False
            )
        return str(said["id"])

    async def modifier_rendez_vous(self, identite: Identite, voulu: RendezVousEnvoye) -> None:
        """Rewrite one of ours, by their id."""
        corps = voulu.model_dump(mode="json", exclude_none=True, by_alias=True)
        await self._pour(identite, "PUT", RENDEZ_VOUS, "/rendez-vous", json=corps)

    async def annuler_rendez_vous(self, identite: Identite, identifiant: str) -> None:
        """Cancel one."""
        chemin = f"/rendez-vous/{quote(identifiant, safe='')}"
        await self._pour(identite, "DELETE", RENDEZ_VOUS, chemin)

    # Diagnostic.
    async def lire_dossier(self, identite: Identite) -> Json | None:
        """Read her whole diagnostic, as they write it."""
        found: Json | None = await self._pour(identite, "GET", DIAGNOSTIC, "/dossiers")
        return found

    async def ecrire_dossier(self, identite: Identite, dossier: Json) -> None:
        """Write parts of it; what was written is what is, so twice is once, but for projects."""
        projets = bool(dossier.get("diagnosticsAEnregistrer"))
        await self._pour(
            identite, "POST", DIAGNOSTIC, "/dossiers", json=dossier, idempotent=not projets
        )

    async def lire_referentiel(self) -> Json:
        """Read the lists: codes of objectifs change from one version to the next."""
        found: Json = await self._appeler("GET", DIAGNOSTIC, "/referentiel")
        return found

    # Sanctions.
    async def lire_manquement(self, identite: Identite, sanction: str) -> Json | None:
        """Read the breach behind a consequence."""
        params = {"identifiantSanction": sanction}
        found: Json | None = await self._pour(
            identite, "GET", SANCTIONS, "/detailManquement", params=params
        )
        return found

    async def dire_sanction(self, identite: Identite, sanction: Sanction, agent: Agent) -> None:
        """Tell what a person decided; never a job of ours.

        Raises:
            ValueError: the agent is a job.
        """
        if agent.identifiant == Agent().identifiant:
            raise ValueError("Une sanction porte le nom de qui la décide")
        corps = sanction.model_dump(mode="json", exclude_none=True, by_alias=True)
        await self._pour(
            identite,
            "POST",
            SANCTIONS,
            "/evenementSanctionRSA",
            json=corps,
            agent=agent,
            idempotent=False,
        )

    # The wire.
    async def _pour(
        self, identite: Identite, methode: str, produit: Produit, chemin: str, **rest: Any
    ) -> Any:
        """Call for a person; a token of hers that they no longer take is asked for once more."""
        headers = rest.pop("headers", {})
        garde = identite in self._usagers
        usager = await self.rechercher(identite)
        try:
            jeton = {"ft-jeton-usager": usager.jeton_usager}
            return await self._appeler(methode, produit, chemin, headers=headers | jeton, **rest)
        except ErreurFranceTravail as error:
            # 401 comes here after another access token: what is refused may be hers.
            if not garde or error.statut not in (401, 403):
                raise
        self.oublier(identite)
        usager = await self.rechercher(identite)
        jeton = {"ft-jeton-usager": usager.jeton_usager}
        return await self._appeler(methode, produit, chemin, headers=headers | jeton, **rest)

    async def _appeler(
        self, methode: str, produit: Produit, chemin: str, *, idempotent: bool = True, **rest: Any
    ) -> Any:
        """Call, and again as the table says, while there is patience."""
        fin = time.monotonic() + self._acces.patience_s
        essai = 0

        def pause(error: Exception) -> bool | float:
            if not isinstance(error, ErreurFranceTravail) or not error.a_reprendre:
                return False
            wait = attente_s(
                error.retry_after,
                essai,
                hasard=random.random(),
                maintenant=datetime.now(UTC),
            )
            return wait if time.monotonic() + wait < fin else False

        async for attempt in stamina.retry_context(
            on=pause, attempts=self._acces.essais, timeout=None
        ):
            with attempt:
                essai = attempt.num
                return await self._une_fois(methode, produit, chemin, idempotent, **rest)
        raise AssertionError("stamina lève la dernière erreur")

    async def _une_fois(
        self, methode: str, produit: Produit, chemin: str, idempotent: bool, **rest: Any
    ) -> Any:
        """Call with a token; refused, with another, once."""
        jeton = await self._jetons.obtenir(produit.portees)
        try:
            return await self._envoyer(methode, produit, chemin, idempotent, jeton.valeur, **rest)
        except ErreurFranceTravail as error:
            if error.suite is not Suite.RENOUVELER:
                raise
        jeton = await self._jetons.obtenir(produit.portees, apres=jeton.rang)
        return await self._envoyer(methode, produit, chemin, idempotent, jeton.valeur, **rest)

    async def _envoyer(
        self,
        methode: str,
        produit: Produit,
        chemin: str,
        idempotent: bool,
        jeton: str,
        *,
        agent: Agent | None = None,
        headers: Mapping[str, str] | None = None,
        **rest: Any,
    ) -> Any:
        circuit = self._circuits.setdefault(produit.base, Circuit())
        circuit.passer()
        try:
            await self._attendre_son_tour(produit)
            answer = await self._echanger(
                methode,
                f"{self._acces.url_api.rstrip('/')}/partenaire{produit.base}{chemin}",
                headers={
                    "Authorization": f"Bearer {jeton}",
                    **_agent(agent or self._acces.agent),
                    **(headers or {}),
                },
                **rest,
            )
            found = lire_reponse(answer, idempotent=idempotent)
        except ErreurFranceTravail as error:
            # A throttle is obeyed, not counted; a refusal is an answer.
            circuit.dire(repond=error.suite not in _PANNES or error.statut == 429)
            raise
        except _SansReponse as error:
            circuit.dire(repond=False)
            issue = Issue(None, partie=error.partie)
            raise ErreurFranceTravail(issue, suite(issue, idempotent=idempotent)) from None
        except BaseException:
            circuit.abandonner()
            raise
        circuit.dire(repond=True)
        return found

    async def _echanger(self, methode: str, url: str, **rest: Any) -> httpx.Response:
        try:
            # httpx bounds each step: one that drips its answer would outlast them all.
            async with asyncio.timeout(self._acces.delai_s):
                return await self._client.request(methode, url, timeout=None, **rest)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            raise _SansReponse(partie=False) from None
        except (httpx.HTTPError, OSError):  # TimeoutError is one
            raise _SansReponse(partie=True) from None

    async def _attendre_son_tour(self, produit: Produit) -> None:
        """Pace the calls of a product: each takes the next turn, then waits for it."""
        now = time.monotonic()
        turn = max(now, self._prochains.get(produit.base, now))
        self._prochains[produit.base] = turn + 1 / self._acces.par_seconde
        await asyncio.sleep(turn - now)


_PANNES = (Suite.REPRENDRE, Suite.LIRE_AVANT)


class _SansReponse(Exception):
    def __init__(self, *, partie: bool) -> None:
        super().__init__()
        self.partie = partie


def _agent(agent: Agent) -> dict[str, str]:
    return {
        "pa-identifiant-agent": agent.identifiant,
        "pa-nom-agent": agent.nom,
        "pa-prenom-agent": agent.prenom,
    }


def _fin(jeton_usager: str) -> float:
    """When a user token ends: as it says, and at most a day from now. It is theirs to read."""
    limite = time.time() + _JOUR_S
    try:
        dite = float(json.loads(base64.b64decode(jeton_usager))["expire"]) / 1000
    except (ValueError, LookupError, TypeError):
        return limite
    return min(limite, dite)


def _lire(modele: type[M], said: Any) -> M:
    try:
        return TypeAdapter(modele).validate_python(said)
    except ValidationError:
        # Its text quotes what was read.
        raise ErreurFranceTravail(Issue(200, "illisible"), Suite.FINALE) from None
