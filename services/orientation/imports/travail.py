"""The job that reads a flux: by batches, each foyer whole or not at all, resumed where it was.

The file is read in a thread of its own; each batch of foyers is one transaction, which also
moves the import on. A worker that dies loses its batch, and the next one takes it up.
"""

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError

from services.orientation import tables
from services.orientation.flux.canonique import (
    EnteteFlux,
    Foyer,
    FoyerRejete,
    MotifRejet,
    TransmissionFlux,
)
from services.orientation.flux.lecture import FluxIllisible, lire
from services.orientation.imports import queries, rules
from services.orientation.personnes.queries import empreintes
from shared.delais import delai_en_vigueur, jour_civil
from shared.schemas.commun import Operation
from shared.schemas.orientation import (
    CompteursImport,
    OrigineOrientation,
    StatutImport,
    StatutLigne,
    StatutOrientation,
)
from shared.socle import tables as communes
from shared.socle.db import ATTENTE_TRAVAIL, Transaction, siens
from shared.socle.evenements import Fait, publier
from shared.socle.ids import new_id, new_personne_id
from shared.socle.service import Service

LOT = 100
_MORCEAU_S = 30
CONTEXTE = "import_morceau.octets"

_log = structlog.get_logger()
_COMPTEURS = tuple(CompteursImport.model_fields)
_PLURIEL = {
    StatutLigne.CREEE: "foyers_crees",
    StatutLigne.MODIFIEE: "foyers_modifies",
    StatutLigne.IDENTIQUE: "foyers_identiques",
    StatutLigne.REFUSEE: "foyers_refuses",
}

Element = Foyer | FoyerRejete


@dataclass
class Lecture:
    """Where the reading of one file stands."""

    import_id: UUID
    date_reference: date
    recu_le: datetime
    date_limite: date
    traites: int
    compteurs: dict[str, int] = field(default_factory=dict)


class AutreTravailleur(Exception):
    """Another worker moved this import on: it is theirs."""


async def importer_flux(service: Service, *, import_id: str, collectivite: str) -> None:
    """Read a file to its end, or from where an earlier run left it."""
    acces = service.acces_interne(collectivite)
    ident = UUID(import_id)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        row = await queries.read_import(tx, ident)
        if row.statut not in (StatutImport.EN_ATTENTE, StatutImport.EN_COURS):
            return  # done already: the job came twice
        fuseau = await service.fuseau(tx)
        ideparte = (
            await tx.execute(
                select(communes.Collectivite.ideparte).where(siens(communes.Collectivite))
            )
        ).scalar_one()
        await queries.change_import(
            tx,
            ident,
            statut=StatutImport.EN_COURS.value,
            demarre_le=row.demarre_le or service.horloge(),
        )
    recu = jour_civil(row.recu_le, fuseau)
    lecture = Lecture(
        import_id=ident,
        date_reference=row.date_reference or date.min,
        recu_le=row.recu_le,
        date_limite=delai_en_vigueur("orientation_pcd", recu).echeance(recu),
        traites=row.foyers_traites,
        compteurs={name: row.compteurs.get(name, 0) for name in _COMPTEURS},
    )
    loop = asyncio.get_running_loop()

    async def fetch(numero: int) -> bytes | None:
        async with service.base.transaction(acces) as tx:
            return await queries.read_morceau(tx, ident, numero)

    def morceaux() -> Iterator[bytes]:
        for numero in itertools.count():
            found = asyncio.run_coroutine_threadsafe(fetch(numero), loop).result(_MORCEAU_S)
            if found is None:
                return
            yield service.coffre.ouvrir(found, CONTEXTE)

    complet = False
    probleme: dict[str, Any] | None = None
    # The parser belongs to one thread, from its first byte to its last.
    thread = ThreadPoolExecutor(max_workers=1)
    elements = lire(morceaux(), ideparte)
    try:
        entete = await loop.run_in_executor(thread, next, elements)
        assert isinstance(entete, EnteteFlux)
        lecture.date_reference = entete.date_reference
        async with service.base.transaction(acces) as tx:
            await queries.change_import(
                tx, ident, cle_flux=entete.cle, date_reference=entete.date_reference
            )
        await loop.run_in_executor(thread, _skip, elements, lecture.traites)
        fin: TransmissionFlux | FluxIllisible | None = None
        while fin is None:
            lot, fin = await loop.run_in_executor(thread, _take, elements)
            if lot:
                await _write(service, collectivite, lecture, lot)
        if isinstance(fin, FluxIllisible):
            raise fin
        complet = fin.complet
    except FluxIllisible as error:
        probleme = {"code": error.code.value, "ligne": error.ligne, "champ": None}
    finally:
        # Not waited for: stopped in the midst, that thread waits for this loop.
        thread.shutdown(wait=False, cancel_futures=True)
    statut = StatutImport.ECHOUEE if probleme else StatutImport.TERMINEE
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        version = await queries.finish_import(
            tx, ident, statut, termine_le=service.horloge(), probleme=probleme, complet=complet
        )
        await publier(
            tx,
            Fait(
                f"orientation.import.{statut.value}",
                "imports",
                ident,
                version,
                Operation.MODIFICATION,
            ),
        )
    _log.info("import_fini", import_id=import_id, statut=statut.value, **lecture.compteurs)


def _skip(elements: Iterator[Any], count: int) -> None:
    for _ in itertools.islice(elements, count):
        pass


def _take(
    elements: Iterator[EnteteFlux | Element | TransmissionFlux],
) -> tuple[list[Element], TransmissionFlux | FluxIllisible | None]:
    """Take a batch, and what ended it: the counters, an unreadable file, or nothing yet."""
    lot: list[Element] = []
    try:
        for element in elements:
            if isinstance(element, TransmissionFlux):
                return lot, element
            assert isinstance(element, Foyer | FoyerRejete)
            lot.append(element)
            if len(lot) == LOT:
                return lot, None
    except FluxIllisible as error:
        return lot, error
    raise AssertionError("Une lecture finit par ses compteurs ou par une erreur")


async def _write(
    service: Service, collectivite: str, lecture: Lecture, lot: Sequence[Element]
) -> None:
    """Write a batch; if one of its foyers cannot be, write them one by one and say which."""
    try:
        await _write_batch(service, collectivite, lecture, lot)
    except (IntegrityError, DataError):
        if len(lot) == 1:
            lot = [_impossible(lot[0])]
        for element in lot:
            await _write(service, collectivite, lecture, [element])


def _impossible(element: Element) -> FoyerRejete:
    """A foyer that the database would not take: its facts contradict what is known already."""
    personnes = element.personnes if isinstance(element.personnes, int) else len(element.personnes)
    return FoyerRejete(
        element.ligne, element.cle, MotifRejet.ECRITURE_IMPOSSIBLE, "InfosFoyerRSA", personnes
    )


async def _write_batch(
    service: Service, collectivite: str, lecture: Lecture, lot: Sequence[Element]
) -> None:
    acces = service.acces_interne(collectivite)
    compteurs = dict(lecture.compteurs)
    traites = lecture.traites
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        for group in _groups(service, lot):
            await _write_group(service, tx, lecture, traites, group, compteurs)
            traites += len(group)
        if not await queries.advance(
            tx, lecture.import_id, lus=lecture.traites, traites=traites, compteurs=compteurs
        ):
            raise AutreTravailleur
    lecture.traites, lecture.compteurs = traites, compteurs


@dataclass(frozen=True)
class Lue:
    """An element, and its persons with the digests by which they may be known."""

    element: Element
    identifiees: tuple[rules.Identifiee, ...] = ()
    colonnes: tuple[dict[str, Any], ...] = ()

    @property
    def signes(self) -> set[str | bytes]:
        """What another element of the same group may not share with it."""
        if isinstance(self.element, FoyerRejete):
            return set()
        return {self.element.cle, *(o.nir_empreinte for o in self.identifiees if o.nir_empreinte)}


def _groups(service: Service, lot: Sequence[Element]) -> Iterator[list[Lue]]:
    """Cut a batch where an element speaks again of a dossier or of a NIR: it must see the first."""
    group: list[Lue] = []
    seen: set[str | bytes] = set()
    for element in lot:
        lue = _identify(service, element)
        if seen & lue.signes:
            yield group
            group, seen = [], set()
        group.append(lue)
        seen |= lue.signes
    yield group


def _identify(service: Service, element: Element) -> Lue:
    if isinstance(element, FoyerRejete):
        return Lue(element)
    colonnes = tuple(
        empreintes(
            service.coffre,
            nom=personne.nom,
            prenoms=" ".join(personne.prenoms),
            date_naissance=personne.date_naissance,
            nir=personne.nir,
        )
        for personne in rules.orientables(element)
    )
    identifiees = tuple(
        rules.Identifiee(personne, kept["nir_empreinte"], kept["identite_empreinte"])
        for personne, kept in zip(rules.orientables(element), colonnes, strict=True)
    )
    return Lue(element, identifiees, colonnes)


async def _write_group(
    service: Service,
    tx: Transaction,
    lecture: Lecture,
    avant: int,
    group: Sequence[Lue],
    compteurs: dict[str, int],
) -> None:
    """Decide each foyer on what is known, then write them all in a few statements."""
    foyers = [lue.element for lue in group if isinstance(lue.element, Foyer)]
    dossiers = await queries.known_dossiers(tx, [foyer.cle for foyer in foyers])
    connues = await queries.known_personnes(
        tx,
        [one.nir_empreinte for lue in group for one in lue.identifiees if one.nir_empreinte],
        [dossier.id for dossier in dossiers.values()],
    )
    lot = Lot(lecture, tx.acces.client_id)
    for rang, lue in enumerate(group, start=avant + 1):
        if isinstance(lue.element, FoyerRejete):
            lot.refuser(rang, lue.element, lue.element.motif.value, lue.element.champ)
            _count(compteurs, lue.element, StatutLigne.REFUSEE)
            continue
        dossier = dossiers.get(lue.element.cle)
        plan = rules.planifier(
            lue.element, lue.identifiees, dossier, connues, lecture.date_reference
        )
        _count(compteurs, lue.element, plan.statut)
        if plan.statut is StatutLigne.REFUSEE:
            lot.refuser(rang, lue.element, plan.motif, None)
        else:
            lot.retenir(rang, lue, plan, dossier)
    await lot.ecrire(tx, compteurs)


def _count(compteurs: dict[str, int], element: Element, statut: StatutLigne) -> None:
    compteurs["foyers_lus"] += 1
    compteurs[_PLURIEL[statut]] += 1
    if isinstance(element, FoyerRejete) or statut is StatutLigne.REFUSEE:
        lues = element.personnes if isinstance(element, FoyerRejete) else len(element.personnes)
        compteurs["personnes_refusees"] += lues
    else:
        lues, retenues = len(element.personnes), rules.nombre_a_orienter(element)
        compteurs["personnes_a_orienter"] += retenues
        compteurs["personnes_hors_orientation"] += lues - retenues
    compteurs["personnes_lues"] += lues


class Lot:
    """The rows of a group, gathered by statement: a foyer costs few round trips of its own."""

    def __init__(self, lecture: Lecture, client_id: str) -> None:
        self._lecture = lecture
        self._client_id = client_id
        self._resultats: list[dict[str, Any]] = []
        self._dossiers: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], [])
        self._personnes: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], [])
        self._orientations: list[dict[str, Any]] = []
        self._a_clore: list[UUID] = []
        self._faits: list[Fait] = []

    def refuser(self, rang: int, element: Element, motif: str | None, champ: str | None) -> None:
        """A foyer of which nothing is written but why."""
        self._resultat(rang, element.ligne, StatutLigne.REFUSEE, motif=motif, champ=champ)

    def retenir(
        self, rang: int, lue: Lue, plan: rules.Plan, dossier: rules.DossierConnu | None
    ) -> None:
        """A foyer that is written, or was so already."""
        foyer = lue.element
        assert isinstance(foyer, Foyer)
        dossier_id = dossier.id if dossier else new_id()
        avertissements = [f"{one.code} {one.champ}" for one in foyer.avertissements]
        self._resultat(
            rang, foyer.ligne, plan.statut, dossier_id=dossier_id, avertissements=avertissements
        )
        if plan.statut is StatutLigne.IDENTIQUE:
            return
        values = {
            "organisme_payeur": f"{foyer.fonorg}/{foyer.numorg}",
            "matricule": foyer.matricule,
            "etat": foyer.etat_dossier.value,
            "commune": foyer.adresse.commune if foyer.adresse else None,
            "personnes_a_charge": sum(personne.a_charge for personne in foyer.personnes),
            "empreinte": bytes.fromhex(foyer.empreinte),
            "date_reference": self._lecture.date_reference,
        }
        new, changed = self._dossiers
        if dossier is None:
            new.append({"id": dossier_id, "cle": foyer.cle, **values})
        else:
            changed.append({"le": dossier_id, **values})
        for changement, colonnes in zip(plan.changements, lue.colonnes, strict=True):
            self._personne(changement, colonnes, dossier_id)

    def _personne(
        self, changement: rules.ChangementPersonne, colonnes: dict[str, Any], dossier_id: UUID
    ) -> None:
        connue = changement.connue
        personne_id = connue.id if connue else new_personne_id()
        values = {**changement.valeurs, "dossier_id": dossier_id}
        new, changed = self._personnes
        if connue is None:
            keys = {"id": personne_id, "client_id": self._client_id, "reference_externe": None}
            new.append({**keys, **values, **colonnes})
            self._faits.append(
                Fait(
                    "orientation.personne.enregistree",
                    "personnes",
                    personne_id,
                    1,
                    Operation.CREATION,
                )
            )
        elif changement.change or connue.dossier_id != dossier_id:
            changed.append({"la": personne_id, **values, **colonnes})
        if changement.nouvelle_orientation:
            self._orientations.append(
                {
                    "id": new_id(),
                    "personne_id": personne_id,
                    "origine": OrigineOrientation.FLUX.value,
                    "statut": StatutOrientation.BROUILLON.value,
                    "recu_le": self._lecture.recu_le,
                    "date_limite": self._lecture.date_limite,
                    "criteres": [],
                }
            )
        if changement.orientation_a_clore:
            self._a_clore.append(changement.orientation_a_clore)

    async def ecrire(self, tx: Transaction, compteurs: dict[str, int]) -> None:
        """Write the group: dossiers, persons, orientations, results, facts."""
        await queries.write_dossiers(tx, *self._dossiers)
        await queries.write_personnes(tx, *self._personnes)
        await tx.add(tables.Orientation, self._orientations)
        compteurs["orientations_creees"] += len(self._orientations)
        for row in self._orientations:
            self._faits.append(_fait("ouverte", row["id"], 1, Operation.CREATION))
        closes = await queries.close_orientations(tx, self._a_clore)
        compteurs["orientations_closes"] += len(closes)
        for orientation_id, version in closes:
            self._faits.append(_fait("close", orientation_id, version, Operation.MODIFICATION))
        await tx.add(tables.ImportResultat, self._resultats)
        await publier(tx, *self._faits)

    def _resultat(
        self,
        rang: int,
        ligne: int,
        statut: StatutLigne,
        *,
        motif: str | None = None,
        champ: str | None = None,
        dossier_id: UUID | None = None,
        avertissements: Sequence[str] = (),
    ) -> None:
        self._resultats.append(
            {
                "import_id": self._lecture.import_id,
                "numero": rang,
                "ligne": ligne,
                "statut": statut.value,
                "motif": motif,
                "champ": champ,
                "dossier_id": dossier_id,
                "avertissements": list(avertissements),
            }
        )


def _fait(nom: str, orientation_id: UUID, version: int, operation: Operation) -> Fait:
    return Fait(
        f"orientation.orientation.{nom}", "orientations", orientation_id, version, operation
    )
