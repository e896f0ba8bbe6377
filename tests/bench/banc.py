"""The budgets of architecture.md, measured as ratios inside one run.

A whole installation in a temporary folder, one worker a service, and beside it a bare FastAPI
route served by the same uvicorn with the same options. The rounds alternate (bare, command,
pgbench, read, bare…), so that what slows the machine for a while slows them all; a ratio is taken
inside each round, and the median of the rounds is kept.

The command is `POST /v1/freins/{id}/niveaux`: token, tenant, idempotency key, `If-Match`, then five
rows written: the key, the observation, the frein, the event (which says who, and in which trace),
and the answer kept beside the key. Each connection observes a frein of its own.
"""

import asyncio
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx
import psycopg
from lxml import etree

from deploy.local import bases, flux_synthetique
from deploy.local.collectivites import Collectivite, charger
from deploy.local.partenaire import Json, Partenaire
from deploy.local.postgres import ErreurLocale, ouvrir
from deploy.local.services import COLLECTIVITES, SERVICES, Installation, Processus, uvicorn
from tests.bench import nue, pgbench, reservations
from tests.bench.charge import Passe, mettre_en_charge
from tests.bench.reservations import Reserve

_CODE = "35D"
# Those of an ordinary professional's software: nothing of health, nothing to administer.
_PORTEES = "parcours:lire parcours:ecrire"
_PART_DU_PLAFOND = 0.6
_PATIENCE_S = 300

Dire = Callable[[str], None]


@dataclass(frozen=True)
class Taille:
    """How much is measured."""

    tours: int = 7
    duree_s: float = 3
    connexions: int = 16
    foyers: int = 5_000
    flux: int = 3


COURTE = Taille(tours=1, duree_s=0.5, connexions=4, foyers=60, flux=1)


@dataclass(frozen=True)
class Tour:
    """One round at full speed."""

    nue: Passe
    commande: Passe
    pgbench: float  # transactions a second
    lecture: Passe
    reservation: Passe
    pgbench_reservation: float


@dataclass(frozen=True)
class Flux:
    """One file, imported by the worker, and read by `lxml.iterparse` alone."""

    foyers: int
    octets: int
    import_s: float
    iterparse_s: float


@dataclass(frozen=True)
class Budget:
    """A ratio, and what it must be: at least, or at most where it is a latency's."""

    nom: str
    mesure: str
    rapports: Sequence[float]  # one a round
    seuil: float
    visee: float | None = None
    au_plus: bool = False

    def bilan(self) -> Json:
        """The median of the rounds, beside what it must be."""
        rapport = median(self.rapports)
        return {
            "nom": self.nom,
            "mesure": self.mesure,
            "rapport": round(rapport, 4),
            "rapport_min": round(min(self.rapports), 4),
            "rapport_max": round(max(self.rapports), 4),
            "sens": "au plus" if self.au_plus else "au moins",
            "budget": self.seuil,
            "visee": self.visee,
            "tenu": rapport <= self.seuil if self.au_plus else rapport >= self.seuil,
            "visee_atteinte": None if self.visee is None else rapport >= self.visee,
        }


@dataclass
class Observe:
    """A frein that one connection observes again and again, each time from the version it has."""

    id: str
    version: int

    def corps(self, jour: date) -> Json:
        """One more observation of it."""
        return {
            "niveau": "moyen",
            "date_observation": str(jour),
            "source": "referent",
            "commentaire": "Permis suspendu, un bus aux heures ouvrables seulement",
        }

    def requete(self, jeton: str, jour: date) -> bytes:
        """The bytes of the next observation, which is taken to be accepted."""
        corps = json.dumps(self.corps(jour)).encode()
        entetes = (
            f"POST /v1/freins/{self.id}/niveaux HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {jeton}\r\nContent-Type: application/json\r\n"
            f'Idempotency-Key: "{self.id}-{self.version}"\r\nIf-Match: "{self.version}"\r\n'
            f"Content-Length: {len(corps)}\r\n\r\n"
        )
        self.version += 1
        return entetes.encode() + corps


@contextmanager
def banc_pret(dossier: Path, port: int, taille: Taille, dire: Dire) -> Iterator["Banc"]:
    """Hold an installation in a folder that is thrown away, and the bare route beside it."""
    dossier.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=dossier, prefix="banc-") as nom, ExitStack() as pile:
        ici = Path(nom)
        dire("Démarrage d'une installation neuve…")
        # A server of our own: one that the environment names may hold real databases.
        serveur = pile.enter_context(ouvrir(ici / "serveur"))
        installation = Installation(ici / "jalons", port=port, url_postgres=serveur.url())
        pile.enter_context(installation.en_marche())
        adresses = bases.creer(serveur.url(), ici / "jalons" / "secrets.json")
        urls = {service: one.service for service, one in adresses.items()}
        banc = Banc(installation, urls, taille, port_nu=port + 4)
        asyncio.run(banc.preparer(ici))
        pile.enter_context(_route_nue(port + 4, banc.exemple, ici / "nue.log"))
        yield banc


def mesurer(dossier: Path, port: int, taille: Taille, dire: Dire) -> Json:
    """Measure the budgets; five ports from `port` on are used."""
    charge_au_depart = os.getloadavg()[0]
    with banc_pret(dossier, port, taille, dire) as banc:
        dire("Échauffement…")
        banc.tour()
        tours: list[Tour] = []
        for rang in range(1, taille.tours + 1):
            dire(f"Plein débit, tour {rang} sur {taille.tours}…")
            tours.append(banc.tour())
        latences: list[tuple[Passe, Passe]] = []
        for rang in range(1, taille.tours + 1):
            dire(f"Latence à {_PART_DU_PLAFOND:.0%} du plafond, tour {rang} sur {taille.tours}…")
            latences.append(banc.latences(tours))
        flux: list[Flux] = []
        for code in list(banc.collectivites)[: taille.flux]:
            dire(f"Flux de {taille.foyers} foyers dans {code}…")
            flux.append(asyncio.run(banc.importer(code)))
    return {
        "machine": {
            "coeurs": len(os.sched_getaffinity(0)),
            "python": platform.python_version(),
            "postgresql": banc.postgresql,
            "charge_au_depart": round(charge_au_depart, 2),
        },
        "taille": asdict(taille),
        "commande": {"lignes_ecrites": banc.lignes, "octets_reponse": len(banc.exemple)},
        "reservation": {"lignes_ecrites": banc.lignes_reservation},
        "mesures": _mesures(tours, latences, flux),
        "budgets": [one.bilan() for one in _budgets(tours, latences, flux)],
    }


class Banc:
    """An installation under measure."""

    def __init__(
        self, installation: Installation, urls: Mapping[str, str], taille: Taille, *, port_nu: int
    ) -> None:
        self.collectivites: Mapping[str, Collectivite] = charger(COLLECTIVITES)
        self.exemple = b""  # an answer of the service, for the bare route to give
        # Written by one command, and by one run of its script.
        self.lignes: dict[str, int] = {}
        self.lignes_reservation: dict[str, int] = {}
        self.postgresql = ""
        self._installation = installation
        self._urls = urls
        self._taille = taille
        self._port_nu = port_nu
        self._jour = datetime.now(ZoneInfo(self.collectivites[_CODE].creation().fuseau)).date()
        self._freins: Sequence[Observe] = ()
        self._reserves: Sequence[Reserve] = ()
        self._script = self._script_reservation = Path()

    # --- what stands before the measures

    async def preparer(self, ici: Path) -> None:
        """Open the collectivités, and make freins: half for the commands, half for pgbench."""
        async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
            for code, collectivite in self.collectivites.items():
                creation = collectivite.creation().model_dump(mode="json")
                for service in SERVICES:
                    await self._partenaire(http, code).ecrire(
                        service, "/v1/collectivites", creation, cle="collectivite"
                    )
            si = self._partenaire(http, _CODE)
            with _connecter(self._urls["parcours"]) as base:
                self.postgresql = (base.info.parameter_status("server_version") or "").split()[0]
                freins = await self._creer_freins(si, base)
                self._freins = freins[: self._taille.connexions]
                await self._comparer(si, base, ici, freins[self._taille.connexions :])
            with _connecter(self._urls["financement"]) as base:
                reserves = await reservations.creer(si, 2 * self._taille.connexions)
                self._reserves = reserves[: self._taille.connexions]
                await self._comparer_reservation(si, base, ici, reserves[self._taille.connexions :])
            lu = await si.lire("parcours", f"/v1/freins/{self._freins[0].id}")
            self.exemple = json.dumps(lu).encode()

    async def _creer_freins(
        self, si: Partenaire, base: psycopg.Connection[Any]
    ) -> Sequence[Observe]:
        """One frein in each parcours: a command locks the parcours too.

        The parcours are written here, since no request opens one (the worker does).
        """
        parcours = base.execute(
            "INSERT INTO parcours (collectivite, id, personne_id, statut, date_ouverture,"
            " orientation_id, type_parcours, organisme_referent_id)"
            " SELECT %s, gen_random_uuid(), gen_random_uuid(), 'ouvert', %s, gen_random_uuid(),"
            " 'social', gen_random_uuid() FROM generate_series(1, %s) RETURNING id",
            [_CODE, self._jour, 2 * self._taille.connexions],
        ).fetchall()
        corps = {
            "code": "mobilite",
            "niveau": "fort",
            "date_observation": str(self._jour),
            "source": "referent",
        }
        found = [
            await si.ecrire("parcours", f"/v1/parcours/{one}/freins", corps, cle=str(one))
            for (one,) in parcours
        ]
        return [Observe(frein["id"], frein["version"]) for frein in found]

    async def _comparer(
        self, si: Partenaire, base: psycopg.Connection[Any], ici: Path, freins: Sequence[Observe]
    ) -> None:
        """Write pgbench's script after what one command left, and see that it leaves the same."""
        frein = self._freins[0]
        avant = _compter(base)
        await si.ecrire(
            "parcours",
            f"/v1/freins/{frein.id}/niveaux",
            frein.corps(self._jour),
            cle="comparaison",
            version=frein.version,
        )
        frein.version += 1
        self.lignes = _ecart(_compter(base), avant)
        self._script = pgbench.ecrire_script(
            ici,
            "niveau.sql",
            version_serveur=base.info.server_version,
            valeurs={
                **_valeurs(base, frein.id),
                "freins": ",".join(one.id for one in freins),
            },
        )
        avant = _compter(base)
        pgbench.lancer(self._urls["parcours"], self._script, clients=1)
        if _ecart(_compter(base), avant) != self.lignes:
            raise RuntimeError("niveau.sql n'écrit plus les lignes d'une commande")

    async def _comparer_reservation(
        self, si: Partenaire, base: psycopg.Connection[Any], ici: Path, reserves: Sequence[Reserve]
    ) -> None:
        """The same, of a reservation: pgbench has envelopes of its own, and the one journal."""
        avant = reservations.compter(base)
        corps = self._reserves[0].corps()
        await si.ecrire("financement", "/v1/reservations", corps, cle="comparaison")
        self.lignes_reservation = _ecart(reservations.compter(base), avant)
        self._script_reservation = pgbench.ecrire_script(
            ici,
            "reservation.sql",
            version_serveur=base.info.server_version,
            valeurs=reservations.valeurs(base, reserves),
        )
        avant = reservations.compter(base)
        pgbench.lancer(self._urls["financement"], self._script_reservation, clients=1)
        if _ecart(reservations.compter(base), avant) != self.lignes_reservation:
            raise RuntimeError("reservation.sql n'écrit plus les lignes d'une réservation")

    # --- the measures

    def tour(self) -> Tour:
        """One round of each, at full speed."""
        return Tour(
            nue=self._nue(),
            commande=self._commande(),
            pgbench=pgbench.lancer(
                self._urls["parcours"],
                self._script,
                clients=self._taille.connexions,
                duree_s=self._taille.duree_s,
            ),
            lecture=self._lecture(),
            reservation=self._reservation(),
            pgbench_reservation=pgbench.lancer(
                self._urls["financement"],
                self._script_reservation,
                clients=self._taille.connexions,
                duree_s=self._taille.duree_s,
            ),
        )

    def latences(self, tours: Sequence[Tour]) -> tuple[Passe, Passe]:
        """One round of commands, then of reads, at a part of their ceilings."""
        commandes, lectures = (
            _PART_DU_PLAFOND * median(debits)
            for debits in (
                [tour.commande.debit for tour in tours],
                [tour.lecture.debit for tour in tours],
            )
        )
        return self._commande(commandes), self._lecture(lectures)

    def _nue(self) -> Passe:
        requete = b"GET /nue HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        return mettre_en_charge(
            self._port_nu,
            [lambda: requete] * self._taille.connexions,
            duree_s=self._taille.duree_s,
            attendu=b"200",
        )

    def _commande(self, cadence: float | None = None) -> Passe:
        jeton = self._jeton()

        def suivante(frein: Observe) -> Callable[[], bytes]:
            return lambda: frein.requete(jeton, self._jour)

        return mettre_en_charge(
            self._port("parcours"),
            [suivante(frein) for frein in self._freins],
            duree_s=self._taille.duree_s,
            attendu=b"201",
            cadence=cadence,
        )

    def _reservation(self) -> Passe:
        jeton = self._jeton(reservations.PORTEES)

        def suivante(reserve: Reserve) -> Callable[[], bytes]:
            return lambda: reserve.requete(jeton)

        return mettre_en_charge(
            self._port("financement"),
            [suivante(reserve) for reserve in self._reserves],
            duree_s=self._taille.duree_s,
            attendu=b"201",
        )

    def _lecture(self, cadence: float | None = None) -> Passe:
        jeton = self._jeton()

        def toujours(frein: Observe) -> Callable[[], bytes]:
            requete = (
                f"GET /v1/freins/{frein.id} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                f"Authorization: Bearer {jeton}\r\n\r\n"
            ).encode()
            return lambda: requete

        return mettre_en_charge(
            self._port("parcours"),
            [toujours(frein) for frein in self._freins],
            duree_s=self._taille.duree_s,
            attendu=b"200",
            cadence=cadence,
        )

    async def importer(self, code: str) -> Flux:
        """Import a file into a collectivité that has nobody yet, between two bare readings."""
        contenu = b"".join(
            flux_synthetique.generer(
                foyers=self._taille.foyers,
                graine=35,
                date_reference=date(2026, 10, 31),
                ideparte=self.collectivites[code].creation().ideparte,
            )
        )
        avant = _iterparse(contenu, self._taille.foyers)
        async with httpx.AsyncClient(timeout=_PATIENCE_S, trust_env=False) as http:
            si = self._partenaire(http, code)
            importe = await si.deposer("/v1/imports?type=flux_beneficiaires", contenu, cle=code)
            limite = time.monotonic() + _PATIENCE_S
            while importe["statut"] not in ("terminee", "echouee"):
                if time.monotonic() > limite:
                    raise ErreurLocale("L'import ne finit pas.", "Voyez le journal du travailleur.")
                await asyncio.sleep(0.5)
                importe = await si.lire("orientation", f"/v1/imports/{importe['id']}")
        if importe["compteurs"]["foyers_crees"] < 0.99 * self._taille.foyers:
            raise ErreurLocale("L'import n'a pas gardé les foyers.", f"{importe['compteurs']}")
        with _connecter(self._urls["orientation"], code) as base:
            (duree_s,) = base.execute(
                "SELECT cast(extract(epoch FROM termine_le - demarre_le) AS float8)"
                " FROM import WHERE id = %s",
                [importe["id"]],
            ).fetchone() or (0.0,)
        apres = _iterparse(contenu, self._taille.foyers)
        return Flux(self._taille.foyers, len(contenu), duree_s, median((*avant, *apres)))

    # --- helpers

    def _port(self, service: str) -> int:
        port = urlsplit(self._installation.adresses.service(service)).port
        assert port is not None
        return port

    def _jeton(self, portees: str = _PORTEES) -> str:
        """A fresh token: it lasts longer than any round."""
        client_id = self._client(_CODE)
        answer = httpx.post(
            f"{self._installation.adresses.emetteur}/connexion/oauth2/access_token",
            params={"realm": "/partenaire"},
            data={
                "grant_type": "client_credentials",
                "client_id": client_id,
                "client_secret": self._installation.secret(client_id),
                "scope": portees,
                "collectivite": _CODE,
            },
            trust_env=False,
        )
        return str(answer.raise_for_status().json()["access_token"])

    def _client(self, code: str) -> str:
        return next(
            client.client_id
            for client in self.collectivites[code].clients
            if client.client_id.startswith("si-departement-")
        )

    def _partenaire(self, http: httpx.AsyncClient, code: str) -> Partenaire:
        client_id = self._client(code)
        return Partenaire(
            self._installation.adresses,
            http,
            client_id=client_id,
            secret=self._installation.secret(client_id),
            collectivite=code,
            portees=next(
                client.portees
                for client in self.collectivites[code].clients
                if client.client_id == client_id
            ),
        )


@contextmanager
def _route_nue(port: int, exemple: bytes, journal: Path) -> Iterator[None]:
    env = {**os.environ, nue.REPONSE: exemple.decode()}
    processus = Processus("nue", uvicorn("tests.bench.nue", port), env, journal)
    processus.lancer()
    try:
        limite = time.monotonic() + 30
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/nue", trust_env=False).raise_for_status()
                break
            except httpx.HTTPError:
                if processus.mort or time.monotonic() > limite:
                    raise ErreurLocale(
                        "La route nue n'a pas démarré.", "Choisissez d'autres ports avec --port."
                    ) from None
                time.sleep(0.05)
        yield
    finally:
        processus.demander_arret()
        processus.attendre_arret()


@contextmanager
def _connecter(url: str, code: str = _CODE) -> Iterator[psycopg.Connection[Any]]:
    """A connection as the service has them, in one collectivité."""
    with psycopg.connect(url, autocommit=True) as base:
        base.execute("SELECT set_config('app.collectivite', %s, false)", [code])
        yield base


def _compter(base: psycopg.Connection[Any]) -> dict[str, int]:
    """What a command adds to, each by one row."""
    row = base.execute(
        "SELECT (SELECT count(*) FROM idempotence), (SELECT count(*) FROM observation),"
        " (SELECT sum(version)::bigint FROM frein), (SELECT count(*) FROM evenement),"
        " (SELECT count(*) FROM idempotence WHERE corps IS NOT NULL)"
    ).fetchone()
    assert row is not None
    noms = ("idempotence", "observation", "frein", "evenement", "reponse gardee")
    return dict(zip(noms, row, strict=True))


def _ecart(apres: Mapping[str, int], avant: Mapping[str, int]) -> dict[str, int]:
    return {nom: apres[nom] - avant[nom] for nom in apres}


def _valeurs(base: psycopg.Connection[Any], frein_id: str) -> dict[str, object]:
    """What the last command on a frein wrote, for pgbench to write the like."""
    row = base.execute(
        "SELECT o.client_id, o.commentaire, o.date_observation, i.empreinte, i.entetes::text,"
        " i.corps, e.trace FROM observation o, idempotence i, evenement e"
        " WHERE o.frein_id = %s AND o.client_id = i.client_id AND e.id = o.frein_id"
        " ORDER BY o.cree_le DESC, i.cree_le DESC, e.seq DESC LIMIT 1",
        [frein_id],
    ).fetchone()
    assert row is not None
    client, commentaire, jour, empreinte, entetes, corps, trace = row
    return {
        "collectivite": _CODE,
        "client": client,
        "commentaire": commentaire.hex(),
        "jour": jour,
        "empreinte": empreinte.hex(),
        "entetes": entetes,
        "corps": corps.hex(),
        "trace": trace,
    }


def _iterparse(contenu: bytes, foyers: int) -> list[float]:
    """Seconds of three bare passes over a file, of the events that its reading asks for."""
    durees = []
    for _ in range(3):
        debut, lus = time.perf_counter(), 0
        blocs = ("IdentificationFlux", "InfosFoyerRSA", "TransmissionFlux")
        for _, element in etree.iterparse(BytesIO(contenu), events=("end",), tag=blocs):
            lus += element.tag == "InfosFoyerRSA"
            element.clear()
            parent = element.getparent()
            while parent is not None and element.getprevious() is not None:
                del parent[0]
        durees.append(time.perf_counter() - debut)
        assert lus == foyers
    return durees


def _mesures(
    tours: Sequence[Tour], latences: Sequence[tuple[Passe, Passe]], flux: Sequence[Flux]
) -> Json:
    passes = {
        "nue": [tour.nue for tour in tours],
        "commande": [tour.commande for tour in tours],
        "lecture": [tour.lecture for tour in tours],
        "reservation": [tour.reservation for tour in tours],
        "commande_a_60_pour_cent": [commande for commande, _ in latences],
        "lecture_a_60_pour_cent": [lecture for _, lecture in latences],
    }
    return {
        **{
            nom: {
                champ: round(median(getattr(one, champ) for one in found), 3)
                for champ in ("debit", "mediane_ms", "p99_ms", "part_generateur")
            }
            for nom, found in passes.items()
        },
        **{
            nom: {"debit": round(median(getattr(tour, nom) for tour in tours), 3)}
            for nom in ("pgbench", "pgbench_reservation")
        },
        "flux": {
            "foyers_par_s": round(median(one.foyers / one.import_s for one in flux)),
            "iterparse_par_s": round(median(one.foyers / one.iterparse_s for one in flux)),
            "octets_par_foyer": round(flux[0].octets / flux[0].foyers),
        },
    }


def _budgets(
    tours: Sequence[Tour], latences: Sequence[tuple[Passe, Passe]], flux: Sequence[Flux]
) -> Sequence[Budget]:
    bare, commande, base, lecture, reservation, base_reservation = (
        median(debits)
        for debits in (
            [tour.nue.debit for tour in tours],
            [tour.commande.debit for tour in tours],
            [tour.pgbench for tour in tours],
            [tour.lecture.debit for tour in tours],
            [tour.reservation.debit for tour in tours],
            [tour.pgbench_reservation for tour in tours],
        )
    )
    p99 = {
        "commande": [commande for commande, _ in latences],
        "lecture": [lecture for _, lecture in latences],
    }
    importes, lus = (
        median(one.foyers / duree for one, duree in durees)
        for durees in (
            [(one, one.import_s) for one in flux],
            [(one, one.iterparse_s) for one in flux],
        )
    )
    return [
        Budget(
            "commande / route nue",
            f"{commande:.0f} / {bare:.0f} par s",
            [tour.commande.debit / tour.nue.debit for tour in tours],
            seuil=0.08,
            visee=0.15,
        ),
        Budget(
            "commande / pgbench",
            f"{commande:.0f} / {base:.0f} par s",
            [tour.commande.debit / tour.pgbench for tour in tours],
            seuil=0.10,
            visee=0.20,
        ),
        Budget(
            "inscription au journal / pgbench",
            f"{reservation:.0f} / {base_reservation:.0f} par s",
            [tour.reservation.debit / tour.pgbench_reservation for tour in tours],
            seuil=0.10,
        ),
        Budget(
            "lecture / route nue",
            f"{lecture:.0f} / {bare:.0f} par s",
            [tour.lecture.debit / tour.nue.debit for tour in tours],
            seuil=0.12,
            visee=0.20,
        ),
        *(
            Budget(
                f"p99 / médiane, {nom}",
                f"{median(one.p99_ms for one in passes):.1f}"
                f" / {median(one.mediane_ms for one in passes):.1f} ms",
                [one.p99_ms / one.mediane_ms for one in passes],
                seuil=4,
                au_plus=True,
            )
            for nom, passes in p99.items()
        ),
        Budget(
            "flux / lxml.iterparse",
            f"{importes:.0f} / {lus:.0f} par s",
            [one.iterparse_s / one.import_s for one in flux],
            seuil=0.04,
            visee=0.10,
        ),
    ]
