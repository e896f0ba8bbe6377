"""The feed under load: many slow writers at once, followers that are killed; nothing is lost."""

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import select, text

from shared.schemas.commun import Changement, Operation
from shared.socle.auth import Acces
from shared.socle.db import BaseDeDonnees, Transaction, siens
from shared.socle.evenements import Fait, publier
from shared.socle.ids import new_id
from shared.socle.service import Service
from shared.socle.suivi import Suivi, un_tour
from shared.socle.tables import Evenement
from tests.conftest import Client, Connecter

FIN_S = 60.0  # after the last write: late is allowed, never is not
TENUE_S = 2.0


@dataclass(frozen=True)
class Taille:
    ecritures: int
    connexions: int
    tenues: int


@pytest.fixture(scope="session")
def taille(complet: bool) -> Taille:
    return Taille(20_000, 64, 200) if complet else Taille(1_500, 32, 20)


@pytest_asyncio.fixture
async def ecrivain(services: Mapping[str, Service], taille: Taille) -> AsyncIterator[BaseDeDonnees]:
    """One connection for each writer."""
    url = services["orientation"].reglages.postgres.get_secret_value()
    base = BaseDeDonnees(url, connexions=taille.connexions)
    yield base
    await base.aclose()


class _Renonce(Exception):
    """A transaction that rolls back: its facts never happened."""


@dataclass(frozen=True)
class Ressource:
    """What a writer changes, one at a time."""

    id: UUID = field(default_factory=new_id)
    verrou: asyncio.Lock = field(default_factory=asyncio.Lock)
    versions: Counter[str] = field(default_factory=Counter)


@dataclass
class Charge:
    """Writers: each changes its own resources, and some that all share, by slow transactions.

    Args:
        ecrits: per collectivité, (resource, version) in the order of the commits.
    """

    base: BaseDeDonnees
    taille: Taille
    ecrits: dict[str, list[tuple[UUID, int]]] = field(default_factory=lambda: defaultdict(list))
    communes: list[Ressource] = field(default_factory=lambda: [Ressource() for _ in range(20)])
    annulees: int = 0
    fini: asyncio.Event = field(default_factory=asyncio.Event)

    async def ecrire(self, collectivites: Sequence[str], alea: random.Random) -> None:
        """Write it all, then say so."""
        rangs = range(self.taille.ecritures)
        tenues = frozenset(alea.sample(rangs, self.taille.tenues))
        travail = iter(
            [
                (alea.choice(collectivites), TENUE_S if rang in tenues else alea.uniform(0, 0.2))
                for rang in rangs
            ]
        )
        try:
            await asyncio.gather(
                *(self._ecrivain(travail, random.Random(n)) for n in range(self.taille.connexions))
            )
        finally:
            self.fini.set()

    async def _ecrivain(self, travail: Iterator[tuple[str, float]], alea: random.Random) -> None:
        propres = [Ressource() for _ in range(5)]
        for collectivite, duree_s in travail:
            ressources = [alea.choice(propres)]
            if alea.random() < 0.25:
                ressources.append(alea.choice(self.communes))
            try:
                await self._changer(collectivite, ressources, duree_s, renonce=alea.random() < 0.05)
            except _Renonce:
                self.annulees += 1

    async def _changer(
        self, collectivite: str, ressources: Sequence["Ressource"], duree_s: float, *, renonce: bool
    ) -> None:
        faits: list[Fait] = []
        acces = Acces("essai", collectivite, frozenset())
        # What a row's lock does: it is asked for on the way, and given back once all is committed.
        async with AsyncExitStack() as verrous:
            async with self.base.transaction(acces) as tx:
                for ressource in ressources:
                    await verrous.enter_async_context(ressource.verrou)
                    faits.append(_fait(ressource.id, ressource.versions[collectivite] + 1))
                    await publier(tx, faits[-1])
                    await asyncio.sleep(duree_s if len(faits) == 1 else 0)
                if renonce:
                    raise _Renonce
            for ressource in ressources:
                ressource.versions[collectivite] += 1
            self.ecrits[collectivite] += [(fait.id, fait.version) for fait in faits]


def _fait(ressource: UUID, version: int) -> Fait:
    return Fait("orientation.essai.fait", "essais", ressource, version, Operation.MODIFICATION)


async def _encombrer(service: Service, collectivite: str, charge: Charge) -> None:
    """Writing transactions in another database: the bound of the feed is the whole server's."""
    acces = service.acces_interne(collectivite)
    while not charge.fini.is_set():
        async with service.base.transaction(acces) as tx:
            await tx.execute(text("SELECT pg_current_xact_id()"))
            await asyncio.sleep(1)
        await asyncio.sleep(0.5)


@dataclass
class Lecture:
    """What a plain follower read."""

    faits: list[Changement] = field(default_factory=list)
    pages: int = 0
    vides: int = 0

    def resume(self) -> str:
        """The figures of this follower."""
        return f"{len(self.faits)} faits, {self.pages} pages, {self.vides} vides"


async def _suivre(connecter: Callable[[], Client], attendus: Charge, collectivite: str) -> Lecture:
    """Follow `suivant` from the start, until all is there, and once more."""
    lecture = Lecture()
    chemin = "/v1/changements?attente=2"
    fin = float("inf")
    while True:
        answer = await connecter().get(chemin)  # a token a page: it may last longer than they do
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found = [Changement.model_validate(one) for one in page["elements"]]
        lecture.faits += found
        lecture.pages += 1
        lecture.vides += not found
        chemin = page["pagination"]["suivant"] + "&attente=2"
        if attendus.fini.is_set():
            fin = min(fin, time.monotonic() + FIN_S)
            whole = len(lecture.faits) >= len(attendus.ecrits[collectivite])
            if not found and (whole or time.monotonic() > fin):
                return lecture


class Travailleurs:
    """Two workers on one feed, each killed at random moments, with an effect that counts.

    The effect is a fact of the follower's own, one for each that it was given: a page applied
    twice shows twice, and a page skipped is missing.
    """

    def __init__(self, service: Service, alea: random.Random) -> None:
        self._service = service
        self._alea = alea
        self.tues: Counter[str] = Counter()
        self.tours = 0
        self.suivi = Suivi(
            source="orientation",
            types=frozenset({"orientation.essai.fait"}),
            lire=self._lire,
            appliquer=self._appliquer,
        )

    async def travailler(self, collectivite: str, charge: Charge) -> None:
        """Turn until nothing is left to read once all is written."""
        await asyncio.gather(*(self._travailleur(collectivite, charge) for _ in range(2)))

    async def appliques(self, collectivite: str) -> list[UUID]:
        """The facts applied, in the order in which they were."""
        acces = self._service.acces_interne(collectivite)
        async with self._service.base.transaction(acces) as tx:
            rows = await tx.execute(
                select(Evenement.id).where(siens(Evenement)).order_by(Evenement.seq)
            )
            return list(rows.scalars())

    async def _travailleur(self, collectivite: str, charge: Charge) -> None:
        fin = float("inf")
        while True:
            tour = asyncio.create_task(
                un_tour(self._service, self.suivi, collectivite, attente_s=1)
            )
            if self._alea.random() < 0.3:
                await asyncio.sleep(self._alea.uniform(0, 0.1))
                self._tuer(tour, "au hasard")
            await asyncio.wait([tour])
            if tour.cancelled():
                continue
            lus = tour.result()
            self.tours += 1
            if charge.fini.is_set():
                fin = min(fin, time.monotonic() + FIN_S)
                ecrits = len(charge.ecrits[collectivite])
                if not lus and (
                    len(await self.appliques(collectivite)) >= ecrits or time.monotonic() > fin
                ):
                    return

    async def _lire(self, _: Service, __: str, faits: Sequence[Changement]) -> Sequence[Changement]:
        await self._mourir("entre la lecture et l'effet")
        return faits

    async def _appliquer(self, _: Service, tx: Transaction, faits: Sequence[Changement]) -> None:
        await publier(
            tx,
            *(
                Fait("parcours.essai.recu", "essais", un.evenement_id, un.version, un.operation)
                for un in faits
            ),
        )
        await self._mourir("entre l'effet et la validation")

    async def _mourir(self, moment: str) -> None:
        await asyncio.sleep(self._alea.uniform(0, 0.01))
        if self._alea.random() < 0.1:
            self._tuer(asyncio.current_task(), moment)
            await asyncio.sleep(0)

    def _tuer(self, tour: "asyncio.Task[Any] | None", moment: str) -> None:
        if tour is not None and tour.cancel():
            self.tues[moment] += 1


async def test_no_follower_misses_or_doubles_a_fact_while_many_write_slowly(
    services: Mapping[str, Service],
    connecter: Connecter,
    ecrivain: BaseDeDonnees,
    taille: Taille,
    collectivite: str,
) -> None:
    """Two collectivités: a plain follower of each, and two workers on each that are often killed.

    Seen red: pages in the order of the digits of the transactions, not of their numbers; facts
    ordered by their transactions alone, so that versions of a shared resource were crossed.
    Planted: the page read without its bound, red; facts placed after the last transaction seen
    ended, even when it is older than their own, red; the cursor moved in a transaction of its
    own, before the effect or after it, red.
    """
    alea = random.Random(35)
    codes = (collectivite, collectivite[1:])
    charge = Charge(ecrivain, taille)
    travailleurs = Travailleurs(services["parcours"], alea)

    async with asyncio.TaskGroup() as ensemble:
        lectures = {
            code: ensemble.create_task(
                _suivre(
                    partial(connecter, "orientation", "orientation:lire", dans=code), charge, code
                )
            )
            for code in codes
        }
        for code in codes:
            ensemble.create_task(travailleurs.travailler(code, charge))
        ensemble.create_task(_encombrer(services["financement"], collectivite, charge))
        started = time.monotonic()
        await charge.ecrire(codes, alea)
        duree_s = time.monotonic() - started

    for code, lecture in lectures.items():
        faits, ecrits = lecture.result().faits, charge.ecrits[code]
        lus = [(fait.id, fait.version) for fait in faits]
        # Else nobody was overtaken, and this proves nothing.
        assert lus != ecrits
        assert Counter(lus) == Counter(ecrits)
        versions: dict[UUID, list[int]] = defaultdict(list)
        for ressource, version in lus:
            versions[ressource].append(version)
        assert all(found == list(range(1, len(found) + 1)) for found in versions.values())
        assert await travailleurs.appliques(code) == [fait.evenement_id for fait in faits]
    assert len(travailleurs.tues) == 3  # at each of the moments
    assert charge.annulees
    print(
        f"\n{taille.ecritures} transactions en {duree_s:.1f} s"
        f" ({taille.ecritures / duree_s:.0f}/s), {charge.annulees} annulées ; lus par"
        f" collectivité : {[lecture.result().resume() for lecture in lectures.values()]} ;"
        f" tours : {travailleurs.tours}, tués : {dict(travailleurs.tues)}"
    )


async def test_transactions_follow_one_another_by_their_numbers(
    services: Mapping[str, Service], connecter: Connecter, collectivite: str
) -> None:
    """10 comes after 9, whatever the page holds. Seen red: 1000 was read before 999, as texts
    are, and a page jumped over what it did not hold.
    """
    service = services["orientation"]
    numeros = [100, 9, 10, 99, 1, 101]
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        for numero in numeros:
            await publier(tx, _fait(new_id(), numero))
        # Older than any transaction of this server: as if each had been written by its own.
        await tx.execute(
            text(
                "UPDATE evenement SET xid = version::text::xid8 WHERE collectivite = :collectivite"
            )
        )
    client = connecter("orientation", "orientation:lire")

    for limite in (1, 2, 100):
        found: list[int] = []
        chemin = f"/v1/changements?limite={limite}"
        while (page := (await client.get(chemin)).json())["elements"]:
            found += [one["version"] for one in page["elements"]]
            chemin = page["pagination"]["suivant"]
        assert found == sorted(numeros)


async def test_versions_come_in_order_when_their_transactions_cross(
    services: Mapping[str, Service], connecter: Connecter, collectivite: str
) -> None:
    """The first to begin is the last to change the resource: an import meets a command on its way.

    Seen red when facts are ordered by their transaction alone.
    """
    service, ressource = services["orientation"], new_id()
    acces = service.acces_interne(collectivite)
    async with service.base.transaction(acces) as lente:
        await publier(lente, _fait(new_id(), 1))
        async with service.base.transaction(acces) as prompte:
            await publier(prompte, _fait(ressource, 1))
        await publier(lente, _fait(ressource, 2))

    page = (await connecter("orientation").get("/v1/changements")).json()

    assert [x["version"] for x in page["elements"] if x["id"] == str(ressource)] == [1, 2]
