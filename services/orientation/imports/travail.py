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
from services.orientation.places.sorties import clore_en_vigueur
from services.orientation.rapprochements.queries import proposer
from shared.delais import delai_en_vigueur, jour_civil
from shared.schemas.commun import Operation
from shared.schemas.imports import StatutImport, StatutLigne
from shared.schemas.orientation.imports import CompteursImport, TypeMouvement
from shared.schemas.orientation.orientations import OrigineOrientation
from shared.schemas.orientation.vocabulaire import StatutOrientation
from shared.socle import tables as communes
from shared.socle.db import ATTENTE_TRAVAIL, Transaction, siens
from shared.socle.evenements import Fait, publier
from shared.socle.ids import new_id, new_personne_id
from shared.socle.service import Service

LOT = 200
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
    version_flux: str = ""
    relu: bool = False
    compteurs: dict[str, int] = field(default_factory=dict)


class FluxDepasse(Exception):
    """A flux of the same family and of a later day was read: this one is not, whole."""


class AutreTravailleur(Exception):
    """Another worker moved this import on: it is theirs."""


class Fusionnees(Exception):
    """A person that a batch writes was absorbed since they were read: they are to be read again."""


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
        await _begin(service, collectivite, lecture, entete)
        await loop.run_in_executor(thread, _skip, elements, lecture.traites)
        suite = loop.run_in_executor(thread, _take, elements)
        fin: TransmissionFlux | FluxIllisible | None = None
        while fin is None:
            lot, fin = await suite
            if fin is None:
                # The next batch is read while this one is written.
                suite = loop.run_in_executor(thread, _take, elements)
            if lot:
                await _write(service, collectivite, lecture, lot)
        if isinstance(fin, FluxIllisible):
            raise fin
        complet = fin.complet
        await _settle_departures(service, collectivite, lecture)
    except FluxDepasse:
        probleme = {"code": rules.MOTIF_ANTERIEUR, "ligne": None, "champ": "DTREF"}
    except FluxIllisible as error:
        probleme = {"code": error.code.value, "ligne": error.ligne, "champ": None}
    finally:
        # Not waited for: stopped in the midst, that thread waits for this loop.
        thread.shutdown(wait=False, cancel_futures=True)
    statut = StatutImport.ECHOUEE if probleme else StatutImport.TERMINEE
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        version = await queries.finish_import(
            tx,
            ident,
            statut,
            termine_le=service.horloge(),
            probleme=probleme,
            complet=complet,
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


async def _begin(service: Service, collectivite: str, lecture: Lecture, entete: EnteteFlux) -> None:
    """Note which flux it is.

    Raises:
        FluxDepasse: one that follows it was read already.
    """
    lecture.date_reference = entete.date_reference
    lecture.version_flux = entete.version_flux
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        await queries.change_import(
            tx,
            lecture.import_id,
            cle_flux=entete.cle,
            famille_flux=entete.famille,
            date_reference=entete.date_reference,
        )
        lecture.relu = await queries.already_read(tx, lecture.import_id, entete)
        depasse = await queries.overtaken(tx, entete)
    if depasse:
        raise FluxDepasse


async def _settle_departures(service: Service, collectivite: str, lecture: Lecture) -> None:
    """End the right of those who left a foyer and whom no foyer of the file has."""
    acces = service.acces_interne(collectivite)
    while True:
        lot = Lot(lecture, acces.client_id)
        async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
            tx.lot = lecture.import_id
            parties, closes = await queries.settle_departures(tx, LOT)
            for row in parties:
                if row.droits_devoirs:
                    sortie = TypeMouvement.SORTIE_DROITS_DEVOIRS
                    lot.mouvement(sortie, row.dossier_id, personne_id=row.id)
            compteurs = dict(lecture.compteurs)
            lot.closes(closes, compteurs)
            await lot.ecrire(service, tx, compteurs)
            await queries.change_import(tx, lecture.import_id, compteurs=compteurs)
        lecture.compteurs = compteurs
        if len(parties) < LOT:
            return


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
    except Fusionnees:
        await _write(service, collectivite, lecture, lot)
    except (IntegrityError, DataError):
        if len(lot) == 1:
            if isinstance(lot[0], FoyerRejete):
                raise  # its refusal could not be written either: the fault is not the foyer's
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
        tx.lot = lecture.import_id
        await queries.plan_again(tx)
        if not await queries.hold_import(tx, lecture.import_id, lus=lecture.traites):
            raise AutreTravailleur
        for group in _groups(service, lot):
            await _write_group(service, tx, lecture, traites, group, compteurs)
            traites += len(group)
        await queries.advance(tx, lecture.import_id, traites=traites, compteurs=compteurs)
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
            nom_naissance=personne.nom_naissance,
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
    departs: list[tuple[rules.PersonneConnue, UUID]] = []
    retrouvees: set[UUID] = set()
    for rang, lue in enumerate(group, start=avant + 1):
        if isinstance(lue.element, FoyerRejete):
            lot.refuser(rang, lue.element, lue.element.motif.value, lue.element.champ)
            _count(compteurs, lue.element, StatutLigne.REFUSEE)
            continue
        dossier = dossiers.get(lue.element.cle)
        if service.bac is not None and not rules.que_des_fictives(lue.element):
            lot.refuser(rang, lue.element, rules.MOTIF_NIR_INTERDIT, "NIR")
            _count(compteurs, lue.element, StatutLigne.REFUSEE)
            continue
        plan = rules.planifier(
            lue.element,
            lue.identifiees,
            dossier,
            connues,
            lecture.date_reference,
            recu_le=lecture.recu_le,
            relu=lecture.relu,
        )
        _count(compteurs, lue.element, plan.statut)
        if plan.statut is StatutLigne.REFUSEE:
            lot.refuser(rang, lue.element, plan.motif, None)
        else:
            lot.retenir(rang, lue, plan, dossier)
            retrouvees |= {un.connue.id for un in plan.changements if un.connue}
            departs += [(one, dossier.id) for one in plan.departs if dossier]
    for connue, dossier_id in departs:
        # Another foyer of the group has them: what they left is told there.
        if connue.id not in retrouvees:
            lot.partie(connue, dossier_id)
    await lot.ecrire(service, tx, compteurs)


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
        self._redits: list[UUID] = []
        self._demenages: list[UUID] = []
        self._connues: set[UUID] = set()  # of the foyers that are written
        self._parties: list[UUID] = []
        self._a_clore: list[UUID] = []
        self._decedees: list[UUID] = []
        self._mouvements: list[dict[str, Any]] = []
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
            self._redits.append(dossier_id)
            return
        ouverture_droit, source_ouverture = foyer.ouverture
        values = {
            "organisme_payeur": f"{foyer.fonorg}/{foyer.numorg}",
            "matricule": foyer.matricule,
            "etat": foyer.etat_dossier.value,
            "commune": foyer.adresse.commune if foyer.adresse else None,
            "personnes_a_charge": sum(personne.a_charge for personne in foyer.personnes),
            "empreinte": bytes.fromhex(foyer.empreinte),
            "date_reference": self._lecture.date_reference,
            "ouverture_droit": ouverture_droit,
            "source_ouverture": source_ouverture,
            "sans_domicile": foyer.sans_domicile,
            "droit_recu_le": plan.droit_recu_le,
        }
        new, changed = self._dossiers
        if dossier is None:
            new.append({"id": dossier_id, "cle": foyer.cle, **values})
        else:
            changed.append({"le": dossier_id, **values})
        for type_ in plan.mouvements:
            clos = type_ is TypeMouvement.DROIT_CLOS
            self.mouvement(type_, dossier_id, motif=foyer.motif_cloture if clos else None)
        for changement, colonnes in zip(plan.changements, lue.colonnes, strict=True):
            self._personne(changement, colonnes, dossier_id)

    def _personne(
        self, changement: rules.ChangementPersonne, colonnes: dict[str, Any], dossier_id: UUID
    ) -> None:
        connue = changement.connue
        personne_id = connue.id if connue else new_personne_id()
        if connue:
            self._connues.add(personne_id)
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
        elif changement.change or connue.foyer_id != dossier_id:
            if connue.valeurs["commune"] != values["commune"]:
                self._demenages.append(personne_id)
            changed.append({"la": personne_id, **values, **colonnes})
        if changement.foyer_quitte:
            partie = TypeMouvement.PERSONNE_PARTIE
            self.mouvement(partie, changement.foyer_quitte, personne_id=personne_id)
        for type_ in changement.mouvements:
            self.mouvement(type_, dossier_id, personne_id=personne_id)
        if connue and changement.valeurs["decedee"]:
            self._decedees.append(personne_id)
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

    def partie(self, connue: rules.PersonneConnue, dossier_id: UUID) -> None:
        """A person whom their foyer no longer tells: without a role, until the file is read."""
        self._connues.add(connue.id)
        self._parties.append(connue.id)
        self.mouvement(TypeMouvement.PERSONNE_PARTIE, dossier_id, personne_id=connue.id)

    def mouvement(
        self,
        type_: TypeMouvement,
        dossier_id: UUID,
        *,
        personne_id: UUID | None = None,
        motif: str | None = None,
    ) -> None:
        """Something that changed, and the fact that tells it."""
        mouvement_id = new_id()
        self._mouvements.append(
            {
                "id": mouvement_id,
                "type": type_.value,
                "dossier_id": dossier_id,
                "personne_id": personne_id,
                "import_id": self._lecture.import_id,
                "date_reference": self._lecture.date_reference,
                "motif": motif,
                "version_flux": self._lecture.version_flux,
            }
        )
        self._faits.append(
            Fait(
                f"orientation.mouvement.{type_.value}",
                "mouvements",
                mouvement_id,
                1,
                Operation.CREATION,
            )
        )

    def closes(self, orientations: Sequence[tuple[UUID, int]], compteurs: dict[str, int]) -> None:
        """Orientations that were closed, by id and version."""
        compteurs["orientations_closes"] += len(orientations)
        for orientation_id, version in orientations:
            self._faits.append(_fait("close", orientation_id, version, Operation.MODIFICATION))

    async def ecrire(self, service: Service, tx: Transaction, compteurs: dict[str, int]) -> None:
        """Write the group: dossiers, persons, orientations, results, movements, facts.

        The order of locks is that of the decisions: persons, orientations to decide, then those in
        force, then organismes and places.

        Raises:
            Fusionnees: one of the persons was absorbed meanwhile; nothing is written.
        """
        if not await queries.hold_personnes(tx, sorted(self._connues)):
            raise Fusionnees
        # A person's commune is written on their orientations too.
        await queries.lock_vives(tx, self._demenages)
        await queries.write_dossiers(tx, *self._dossiers)
        await queries.retell_dossiers(tx, self._redits, self._lecture.date_reference)
        await queries.write_personnes(tx, *self._personnes)
        await proposer(tx, self._personnes[0])
        await queries.leave_dossier(tx, self._parties)
        await tx.add(tables.Orientation, self._orientations)
        compteurs["orientations_creees"] += len(self._orientations)
        for row in self._orientations:
            self._faits.append(_fait("ouverte", row["id"], 1, Operation.CREATION))
        self.closes(await queries.close_orientations(tx, sorted(self._a_clore)), compteurs)
        if self._decedees:
            en_vigueur = await queries.in_force(tx, self._decedees)
            jour = await service.aujourdhui(tx)
            compteurs["orientations_closes"] += await clore_en_vigueur(tx, en_vigueur, jour)
        await tx.add(tables.ImportResultat, self._resultats)
        await tx.add(tables.Mouvement, self._mouvements)
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
