"""Growth: what a request costs where a hundred times as many people live (architecture.md).

Two databases of one server, alike but for the people of their one collectivité, and the service
under measure (`sujets.py`) on each; its siblings, those of the installation, answer both. The
rounds alternate between the two, request by request kind, so that what slows the machine slows
both; a p95 is that of all the rounds together.
"""

import http.client
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import psycopg

from deploy.local import bases
from deploy.local.collectivites import charger
from deploy.local.partenaire import Json
from deploy.local.postgres import ErreurLocale, adresse, ouvrir
from deploy.local.services import COLLECTIVITES, SERVICES, Installation, Processus, migrer, uvicorn
from shared.socle.coffre import nouvelle_cle
from tests.bench.charge import centile
from tests.bench.demandes import Demande, Demandes
from tests.bench.peuplement import peupler, preparer
from tests.bench.sujets import Sujet
from tests.documents import document

_CODE = "35D"
_BUDGET = 1.5

Dire = Callable[[str], None]


@dataclass(frozen=True)
class Ampleur:
    """From how many people (freins, or dossiers) to how many, and how long it is looked at."""

    petit: int = 2_000
    grand: int = 50_000
    tours: int = 5
    requetes: int = 20  # of each kind, in each round


COMPLETE = Ampleur(petit=20_000, grand=2_000_000, tours=4)
COURTE = Ampleur(petit=1_000, grand=4_000, tours=1, requetes=1)


@dataclass
class Genre:
    """One kind of request, and what it took on either side, in seconds."""

    nom: str
    sorte: str  # commande, recherche, lecture, liste
    petit: list[float] = field(default_factory=list)
    grand: list[float] = field(default_factory=list)

    def bilan(self) -> Json:
        """Both p95, and how many times the small one the great one is."""
        petit, grand = (centile(sorted(one), 0.95) * 1000 for one in (self.petit, self.grand))
        milieu = centile(sorted(self.grand), 0.5) / centile(sorted(self.petit), 0.5)
        return {
            "nom": self.nom,
            "sorte": self.sorte,
            "p95_petit_ms": round(petit, 2),
            "p95_grand_ms": round(grand, 2),
            "rapport": round(grand / petit, 3),
            "rapport_medianes": round(milieu, 3),
            "tenu": grand <= _BUDGET * petit,
        }


class Client:
    """One connection to one service, with the rights of the département's own software."""

    def __init__(self, installation: Installation, service: str, port: int, nom: str) -> None:
        self.service, self.nom, self.port = service, nom, port
        self._installation = installation
        self._client = next(
            one
            for one in charger(COLLECTIVITES)[_CODE].clients
            if one.client_id.startswith("si-departement-")
        )

    @property
    def client_id(self) -> str:
        """Who asks."""
        return self._client.client_id

    def connecter(self) -> None:
        """A new connection, and a token that lasts longer than a round."""
        answer = httpx.post(
            f"{self._installation.adresses.emetteur}/connexion/oauth2/access_token",
            params={"realm": "/partenaire"},
            data={
                "grant_type": "client_credentials",
                "client_id": self.client_id,
                "client_secret": self._installation.secret(self.client_id),
                "scope": " ".join(
                    one for one in self._client.portees if one.startswith(self.service)
                ),
                "collectivite": _CODE,
            },
            trust_env=False,
        )
        self._jeton = str(answer.raise_for_status().json()["access_token"])
        self._connexion = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def lire(self, chemin: str) -> tuple[float, Any]:
        """GET; what it took, and the answer."""
        return self._demander("GET", chemin, None, {}, (200,))

    def ecrire(
        self, chemin: str, corps: Mapping[str, Any], version: int | None = None
    ) -> tuple[float, Any]:
        """POST under a key of its own; what it took, and the answer."""
        entetes = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
        if version is not None:
            entetes["If-Match"] = f'"{version}"'
        return self._demander("POST", chemin, json.dumps(corps), entetes, (200, 201))

    def _demander(
        self,
        methode: str,
        chemin: str,
        corps: str | None,
        entetes: Mapping[str, str],
        attendus: Sequence[int],
    ) -> tuple[float, Any]:
        entetes = {"Authorization": f"Bearer {self._jeton}", **entetes}
        debut = time.perf_counter()
        self._connexion.request(methode, chemin, corps, entetes)
        answer = self._connexion.getresponse()
        contenu = answer.read()
        duree = time.perf_counter() - debut
        if answer.status not in attendus:
            raise ErreurLocale(
                f"{methode} {urlsplit(chemin).path} a répondu {answer.status} ({self.nom}).",
                "Le journal du service dit pourquoi.",
            )
        return duree, json.loads(contenu)


class Cote(Client):
    """The service under measure, on one of the two databases."""

    def __init__(
        self, installation: Installation, sujet: Sujet, port: int, url: str, nom: str
    ) -> None:
        service = sujet.population.service
        super().__init__(installation, service, port, nom)
        self.demandes: dict[str, Demande] = {}
        prefixe = f"JALONS_{service.upper()}_"
        env = {**os.environ, **installation.adresses.environnement()}
        env |= {
            f"{prefixe}POSTGRES": url,
            f"{prefixe}CLE": nouvelle_cle(),
            f"{prefixe}SECRET": installation.secret(f"service-{service}"),
            f"{prefixe}ARRET_S": "0",
        }
        journal = installation.dossier / "journaux" / f"{nom}.log"
        self._processus = Processus(nom, uvicorn(f"services.{service}.app", port), env, journal)

    @contextmanager
    def en_marche(self) -> Iterator[None]:
        """Serve, until the block ends."""
        self._processus.lancer()
        try:
            limite = time.monotonic() + 30
            while not self._repond():
                if self._processus.mort or time.monotonic() > limite:
                    raise ErreurLocale("Un service n'a pas démarré.", "Son journal dit pourquoi.")
                time.sleep(0.05)
            yield
        finally:
            self._processus.demander_arret()
            self._processus.attendre_arret()

    def _repond(self) -> bool:
        try:
            url = f"http://127.0.0.1:{self.port}/sante/pret"
            return httpx.get(url, trust_env=False).is_success
        except httpx.HTTPError:
            return False


def mesurer(
    dossier: Path,
    port: int,
    ampleur: Ampleur,
    dire: Dire,
    sujets: Sequence[Sujet],
    seules: str = "",
) -> list[Json]:
    """Measure both sides of each service in turn; six ports from `port` on are used.

    Args:
        seules: only the readings in whose name this regular expression is found, and no command.
    """
    dossier.mkdir(mode=0o700, parents=True, exist_ok=True)
    besoin = sum(sujet.octets for sujet in sujets) * ampleur.grand
    if shutil.disk_usage(dossier).free < besoin:
        raise ErreurLocale(
            f"Il faut {besoin // 10**9} Go libres dans {dossier}.", "Libérez-les, ou voyez moins."
        )
    with tempfile.TemporaryDirectory(dir=dossier, prefix="croissance-") as nom, ExitStack() as pile:
        ici = Path(nom)
        dire("Démarrage d'une installation neuve…")
        serveur = pile.enter_context(ouvrir(ici / "serveur"))
        installation = Installation(ici / "jalons", port=port, url_postgres=serveur.url())
        pile.enter_context(installation.en_marche())
        voisins = _ouvrir_voisins(installation)
        adresses = {
            cle: bases.creer(serveur.url(), ici / f"{cle}.json", cle) for cle in ("petit", "grand")
        }

        @contextmanager
        def cotes(sujet: Sujet) -> Iterator[list[Cote]]:
            for voisin in voisins.values():
                voisin.connecter()  # the one before took longer than a connection is kept
            constantes = sujet.voisins(voisins)
            service = sujet.population.service
            with ExitStack() as ouverts:
                found = []
                for rang, taille in enumerate((ampleur.petit, ampleur.grand)):
                    cle = ("petit", "grand")[rang]
                    url = adresses[cle][service]
                    migrer(service, url.proprietaire)
                    cote = Cote(installation, sujet, port + 4 + rang, url.service, cle)
                    ouverts.enter_context(cote.en_marche())
                    dire(f"{taille} {sujet.unite} dans la base « {cle} »…")
                    with _sans_journal(serveur.url()):
                        admin = adresse(serveur.url(), f"{cle}_{service}")
                        personnes = taille // sujet.par_personne
                        _peupler(cote, sujet, admin, personnes, constantes, seules)
                    found.append(cote)
                yield found

        return [_mesurer(sujet, cotes, ampleur, dire, seules, serveur.url()) for sujet in sujets]


def _mesurer(
    sujet: Sujet,
    cotes: Callable[[Sujet], AbstractContextManager[list[Cote]]],
    ampleur: Ampleur,
    dire: Dire,
    seules: str,
    serveur: str,
) -> Json:
    """Measure both sides of one service."""
    charge, service = os.getloadavg()[0], sujet.population.service
    with cotes(sujet) as deux:
        genres = _genres(deux)
        tour = _Tour(deux, None if seules else sujet)
        dire("Échauffement…")
        tour(_genres(deux), 0, min(2, ampleur.requetes))
        for rang in range(1, ampleur.tours + 1):
            dire(f"Tour {rang} sur {ampleur.tours}…")
            tour(genres, rang, ampleur.requetes)
        with psycopg.connect(serveur) as base:
            version = (base.info.parameter_status("server_version") or "").split()[0]
            octets = [
                base.execute("SELECT pg_database_size(%s)", [f"{cote.nom}_{service}"]).fetchone()
                for cote in deux
            ]
    return {
        "machine": {
            "coeurs": len(os.sched_getaffinity(0)),
            "postgresql": version,
            "charge_au_depart": round(charge, 2),
            "charge_a_la_fin": round(os.getloadavg()[0], 2),
        },
        "service": service,
        "unite": sujet.unite,
        "ampleur": asdict(ampleur),
        "octets": [row[0] for row in octets if row],
        "genres": [one.bilan() for one in genres.values()],
    }


@contextmanager
def _sans_journal(url: str) -> Iterator[None]:
    """Let this server, which is thrown away, not wait for the disk while it is filled."""
    with psycopg.connect(url, autocommit=True) as base:
        for reglage in ("fsync = off", "full_page_writes = off", "max_wal_size = '8GB'"):
            base.execute(f"ALTER SYSTEM SET {reglage}".encode())
        base.execute("SELECT pg_reload_conf()")
        yield
        base.execute("ALTER SYSTEM RESET ALL")
        base.execute("SELECT pg_reload_conf()")
        base.execute("CHECKPOINT")


def _ouvrir_voisins(installation: Installation) -> Mapping[str, Client]:
    """Open the collectivité in the installation's own services: their clients."""
    clients = {}
    for rang, service in enumerate(SERVICES):
        client = Client(installation, service, installation.adresses.port + 1 + rang, service)
        client.connecter()
        client.ecrire("/v1/collectivites", _ouverture())
        clients[service] = client
    return clients


def _peupler(
    cote: Cote,
    sujet: Sujet,
    url: str,
    personnes: int,
    constantes: Mapping[str, Any],
    seules: str,
) -> None:
    """Open the collectivité, and fill it with copies of one case."""
    population = sujet.population
    cote.connecter()
    cote.ecrire("/v1/collectivites", _ouverture())
    preparer(population, url, _CODE)
    exemple = population.exemple()
    requete = next(exemple)
    with suppress(StopIteration):
        while True:
            _, made = cote.ecrire(requete.chemin, requete.corps, requete.version)
            requete = exemple.send(made)
    peupler(population, url, _CODE, cote.client_id, personnes, constantes)
    with psycopg.connect(url) as base:
        voulues = Demandes(population, document(cote.service), base, _CODE, _jour())
        cote.demandes = {
            un.nom: un for un in voulues if re.search(seules, un.nom) and _mesuree(un, sujet)
        }


def _mesuree(demande: Demande, sujet: Sujet) -> bool:
    """What is measured: all reads, and lists by one filter, or the late ones of a territory."""
    chemin, _, query = demande.nom.partition("?")
    filtres = dict(parse_qsl(query))
    tri = filtres.pop("tri", None)
    exemptee = re.search(sujet.population.exemptes, demande.nom)
    if demande.refusee or exemptee or chemin.endswith(sujet.sauf):
        return False
    noms = {nom for nom in filtres if not nom.endswith("_max")}
    ranges = {nom.removesuffix("_min") for nom in noms if nom.endswith("_min")}
    if tri not in (None, *sujet.tris, *ranges):
        return False
    en_retard = filtres.get("etat") == "en_retard" and noms <= {"etat", "commune", "code"}
    return len(noms) < 2 or en_retard or chemin.endswith(sujet.en_entier)


def _genres(cotes: Sequence[Cote]) -> dict[str, Genre]:
    """Kinds that both sides have, by a name without ids."""
    petit, grand = cotes
    found = {}
    # The ids in a filter differ from one side to the other; their order does not.
    grand.demandes = dict(zip(petit.demandes, grand.demandes.values(), strict=True))
    for nom in petit.demandes:
        found[nom] = Genre(nom, "liste" if "?" in nom else "lecture")
    return found


class _Tour:
    """Each kind on either side in turn, then commands, and searches as the quota allows."""

    def __init__(self, cotes: Sequence[Cote], commandes: Sujet | None) -> None:
        self._cotes = cotes
        self._commandes = [
            iter(commandes.commandes(cote, cote.demandes, _jour())) if commandes else iter(())
            for cote in cotes
        ]
        self._recherches = commandes.recherches if commandes else {}

    def __call__(self, genres: dict[str, Genre], tour: int, requetes: int) -> None:
        for cote in self._cotes:
            cote.connecter()
        for nom in self._cotes[0].demandes:
            for cote in self._cotes:
                chemins = cycle(cote.demandes[nom].chemins)
                for chemin in islice(chemins, tour * requetes, (tour + 1) * requetes):
                    _noter(genres, cote, nom, genres[nom].sorte, cote.lire(chemin)[0])
        for _ in range(requetes):
            for cote, commandes in zip(self._cotes, self._commandes, strict=True):
                for nom, duree in next(commandes, ()):
                    _noter(genres, cote, nom, "commande", duree)
        for cote in self._cotes:
            for chemin, corps in self._recherches.items():
                for _ in range(min(requetes, 10)):
                    duree, _ = cote.ecrire(chemin, corps)
                    _noter(genres, cote, f"POST {chemin}", "recherche", duree)


def _noter(genres: dict[str, Genre], cote: Cote, nom: str, sorte: str, duree: float) -> None:
    genre = genres.setdefault(nom, Genre(nom, sorte))
    (genre.petit if cote.nom == "petit" else genre.grand).append(duree)


def _ouverture() -> Json:
    return charger(COLLECTIVITES)[_CODE].creation().model_dump(mode="json")


def _jour() -> date:
    return datetime.now(ZoneInfo(_ouverture()["fuseau"])).date()
