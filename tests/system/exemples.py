"""The example requests of the documents, replayed as an integrator copies them.

What an integrator replaces is replaced: the ids of the examples by those that a sandbox has, which
each answer teaches, the version by the one that was just read, the key by a new one.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import uuid4

import httpx

from deploy.local.partenaire import Partenaire
from deploy.local.services import SERVICES, Adresses
from shared.socle.exemples import IDENTIFIANTS
from tests.documents import document

# Reading teaches nothing more after two turns; an act may open another, once.
_TOURS = 3
_METHODES = ("get", "post", "patch")
_FINALITE = {"Finalite": "accompagnement"}


@dataclass(frozen=True)
class Operation:
    """One operation of a document."""

    service: str
    methode: str
    chemin: str
    dite: dict[str, Any]

    @property
    def nom(self) -> str:
        """Unique in the three documents."""
        return f"{self.service} {self.dite['operationId']}"


@dataclass(frozen=True)
class Rejeu:
    """The replay of every example request, on services that run.

    Args:
        si: a client with every scope, whose tokens are sent.
        adresses: where the services are.
        http: what sends.
        reponses: by operation, its last answer.
    """

    si: Partenaire
    adresses: Adresses
    http: httpx.AsyncClient
    reponses: dict[str, httpx.Response] = field(default_factory=dict)
    _connus: dict[tuple[str, str], str] = field(default_factory=dict)
    _jetons: dict[str, str] = field(default_factory=dict)

    async def rejouer(self) -> None:
        """Send each, again while what others taught may help, until it is accepted."""
        for service in SERVICES:
            self._jetons[service] = await self.si.jeton(service)
        for _ in range(_TOURS):
            for operation in operations():
                if not self.acceptee(operation.nom):
                    await self._rejouer(operation)

    def acceptee(self, nom: str) -> bool:
        """Whether its last answer is a success."""
        return nom in self.reponses and self.reponses[nom].is_success

    async def _rejouer(self, operation: Operation) -> None:
        headers: dict[str, str] = dict(_FINALITE)
        query: dict[str, str] = {}
        chemin = operation.chemin
        for parametre in operation.dite.get("parameters", ()):
            nom, exemple = parametre["name"], _exemple(operation.service, parametre["schema"])
            if parametre["in"] == "path":
                chemin = chemin.replace(f"{{{nom}}}", self._connu(operation.service, nom, exemple))
            elif parametre["required"]:
                (headers if parametre["in"] == "header" else query)[nom] = str(exemple)
        if "Idempotency-Key" in headers:
            headers["Idempotency-Key"] = f'"{uuid4()}"'
        if "If-Match" in headers:
            headers["If-Match"] = await self._version(operation.service, chemin) or '"1"'
        corps = None
        for media, contenu in operation.dite.get("requestBody", {}).get("content", {}).items():
            headers["Content-Type"] = media
            exemple = contenu.get("example") or _exemple(operation.service, contenu["schema"])
            corps = exemple if isinstance(exemple, str) else self._reel(operation.service, exemple)
        answer = await self._envoyer(
            operation.methode, operation.service, chemin, query, headers, corps
        )
        self.reponses[operation.nom] = answer
        if answer.is_success:
            self._apprendre(operation.service, operation.chemin, answer)

    async def _envoyer(
        self,
        methode: str,
        service: str,
        chemin: str,
        query: dict[str, str],
        headers: dict[str, str],
        corps: str | None,
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._jetons[service]}", **headers}
        url = self.adresses.service(service) + chemin
        return await self.http.request(methode, url, params=query, headers=headers, content=corps)

    async def _version(self, service: str, chemin: str) -> str | None:
        """The version of the resource, or of the one that it is under."""
        while chemin.count("/") > 2:
            read = await self._envoyer("GET", service, chemin, {}, _FINALITE, None)
            if read.is_success and "ETag" in read.headers:
                return str(read.headers["ETag"])
            chemin = chemin.rpartition("/")[0]
        return None

    def _connu(self, service: str, nom: str, exemple: Any) -> str:
        """The id of that name that this service gave, or that another one did."""
        ailleurs = (un for (_, dit), un in self._connus.items() if dit == nom)
        return self._connus.get((service, nom)) or next(ailleurs, str(exemple))

    def _reel(self, service: str, exemple: Any) -> str:
        """A body, with ids that exist."""
        texte = json.dumps(exemple)
        for nom, invente in IDENTIFIANTS.items():
            texte = texte.replace(invente, self._connu(service, nom, invente))
        return texte

    def _apprendre(self, service: str, chemin: str, answer: httpx.Response) -> None:
        """Keep the first id of each name that an answer gives."""
        if answer.headers.get("Content-Type") != "application/json":
            return
        noms = _noms(service)
        if "Location" in answer.headers:
            *_, collection, un = answer.headers["Location"].split("/")
            self._connus.setdefault((service, noms.get(collection, collection)), un)
        corps = answer.json()
        for element in corps.get("elements", [corps]):
            if "elements" in corps and "id" in element:
                collection = chemin.rpartition("/")[2]
                connu = (service, noms.get(collection, collection))
                self._connus.setdefault(connu, str(element["id"]))
            for nom, valeur in element.items():
                if nom in IDENTIFIANTS and isinstance(valeur, str):
                    self._connus.setdefault((service, nom), valeur)


def operations() -> Iterator[Operation]:
    """What is replayed: readings first, they teach; the sandbox's own clock and faults are not."""
    for methode in _METHODES:
        for service in SERVICES:
            for chemin, dites in document(service)["paths"].items():
                if methode in dites and "-de-test" not in chemin:
                    yield Operation(service, methode.upper(), chemin, dites[methode])


@cache
def _noms(service: str) -> dict[str, str]:
    """The name of the id that each collection's path takes."""
    finals = (re.search(r"/([^/{}]+)/{(\w+)}$", chemin) for chemin in document(service)["paths"])
    return {found[1]: found[2] for found in finals if found}


def _exemple(service: str, schema: dict[str, Any]) -> Any:
    """The example of a parameter or of a body; of an enum, its first value."""
    if "$ref" in schema:
        nom = schema["$ref"].rpartition("/")[2]
        schema = document(service)["components"]["schemas"][nom]
    return (schema.get("examples") or schema.get("enum") or [None])[0]
