"""From one flux to the next: exactly what changed, once, in order; and what it makes happen."""

from collections import Counter
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from lxml import etree
from lxml.etree import _Element
from sqlalchemy import text

from deploy.local.flux_synthetique import Version, generer
from services.orientation import tables
from services.orientation.imports import travail
from shared.socle import tables as communes
from shared.socle.service import Service
from tests.api.orientation.conftest import criteres
from tests.api.orientation.test_imports import importer, resultats
from tests.api.orientation.test_places import decider, ft
from tests.conftest import Client

__all__ = ["ft"]

SEPTEMBRE, OCTOBRE, NOVEMBRE = date(2026, 9, 30), date(2026, 10, 31), date(2026, 11, 30)
RESERVE = 60  # foyers that the first flux does not have, to take new people from
# type, number of the application, birth date of the person or none
Dit = tuple[str, str, str | None]


@pytest.fixture
def service(services: Mapping[str, Service]) -> Service:
    return services["orientation"]


def poser(parent: _Element, nom: str, valeur: str, rang: int | None = None) -> _Element:
    """Set the first element of a name below another one, or add it."""
    found = parent.find(f".//{nom}")
    if found is None:
        found = etree.Element(nom)
        parent.insert(len(parent) if rang is None else rang, found)
    found.text = valeur
    return found


def valeur(parent: _Element, nom: str) -> str | None:
    found = parent.findtext(f".//{nom}")
    return found and found.strip()


def role(personne: _Element) -> str:
    for bloc in (*personne.iterfind("Prestations"), *personne.iterfind("FonctionPersonneRSA")):
        if bloc.findtext("NATPREST", "RSA") == "RSA":
            return bloc.findtext("ROLEPERS") or ""
    raise AssertionError


def adultes(foyer: _Element) -> list[_Element]:
    return [un for un in foyer.iterfind("Personne") if role(un) in ("DEM", "CJT")]


def naissance(personne: _Element) -> str:
    return valeur(personne, "DTNAI") or ""


def soumise(personne: _Element) -> bool:
    return valeur(personne, "TOPPERSDRODEVORSA") == "1"


def soumettre(personne: _Element, oui: bool) -> None:
    poser(personne, "TOPPERSDRODEVORSA", str(int(oui)))
    for nom in ("DDSOUDRODEV", "DFSOUDRODEV"):
        for un in personne.findall(f".//{nom}"):
            un.getparent().remove(un)  # type: ignore[union-attr]


def etat(foyer: _Element) -> str:
    return valeur(foyer, "ETATDOSRSA") or ""


def cle(foyer: _Element) -> str:
    return valeur(foyer, "NUMDEMRSA") or ""


def qualifie(foyer: _Element) -> bool:
    """Whether its first sight tells an opening, or a transfer."""
    return etat(foyer) in "234" and (
        any(map(soumise, adultes(foyer))) or foyer.find(".//OrganismeCedant") is not None
    )


@dataclass
class Flux:
    """A flux as a tree, to plant changes in; what they must make told; its spare foyers."""

    racine: _Element
    reserve: list[_Element]
    attendus: Counter[Dit] = field(default_factory=Counter)
    pris: set[str] = field(default_factory=set)

    @classmethod
    def premier(cls, foyers: int, version: Version) -> "Flux":
        octets = generer(
            foyers=foyers + RESERVE, graine=35, date_reference=SEPTEMBRE, version=version
        )
        racine = etree.fromstring(b"".join(octets))
        reserve = racine.findall("InfosFoyerRSA")[foyers:]
        for foyer in reserve:
            racine.remove(foyer)
        flux = cls(racine, reserve)
        for foyer in flux.foyers:
            if qualifie(foyer):
                cedant = foyer.find(".//OrganismeCedant") is not None
                flux.attendre("droit_transfere" if cedant else "droit_ouvert", foyer)
        return flux

    @property
    def foyers(self) -> list[_Element]:
        return self.racine.findall("InfosFoyerRSA")

    def du(self, jour: date, type_flux: str = "M") -> "Flux":
        """The same foyers, as a file of another day tells them."""
        racine = deepcopy(self.racine)
        for nom in ("DTREF", "DTCREAFLUX"):
            poser(racine, nom, jour.isoformat())
        poser(racine, "TYPEFLUX", type_flux)
        return Flux(racine, deepcopy(self.reserve))

    def octets(self, encodage: str = "windows-1252") -> bytes:
        poser(self.racine, "NBTOTDOSRSATRANSM", f"{len(self.foyers):08}")
        written = etree.tostring(self.racine, encoding=encodage, xml_declaration=True)
        assert isinstance(written, bytes)
        return written

    def attendre(self, type_: str, foyer: _Element, personne: _Element | None = None) -> None:
        self.attendus[type_, cle(foyer), None if personne is None else naissance(personne)] += 1

    def prendre(self, admis: Callable[[_Element], bool]) -> _Element:
        """A foyer that nothing was planted in yet."""
        foyer = next(un for un in self.foyers if cle(un) not in self.pris and admis(un))
        self.pris.add(cle(foyer))
        return foyer

    def ajouter(self, foyer: _Element, *, en_tete: bool = False) -> None:
        ancre = self.foyers[0] if en_tete else self.foyers[-1]
        (ancre.addprevious if en_tete else ancre.addnext)(foyer)
        self.pris.add(cle(foyer))

    def neuf(self, admis: Callable[[_Element], bool]) -> _Element:
        """A foyer of the reserve."""
        found = next(un for un in self.reserve if admis(un))
        self.reserve.remove(found)
        return found


def couple(foyer: _Element) -> bool:
    """Open and payable, two adults with a NIR, both under droits et devoirs."""
    deux = adultes(foyer)
    return (
        etat(foyer) == "2"
        and len(deux) == 2
        and all(soumise(un) and valeur(un, "NIR") for un in deux)
    )


def seul(foyer: _Element, *, dans: str = "2", droits: bool = True) -> bool:
    un, *reste = adultes(foyer)
    return etat(foyer) in dans and not reste and soumise(un) is droits


def clore(foyer: _Element, motif: str) -> None:
    poser(foyer, "ETATDOSRSA", "5")
    situation = foyer.find(".//SituationDossierRSA")
    assert situation is not None
    fin = etree.SubElement(situation, "FinDroit")
    etree.SubElement(fin, "MOTICLORSA").text = motif
    etree.SubElement(fin, "DTCLORSA").text = "2026-10-01"


def demenager(foyer: _Element) -> None:
    for adresse in foyer.iterfind(".//Adresse"):
        if int(valeur(adresse, "RGADR") or 0) == 1:
            depart = valeur(adresse, "NUMCOM")
            poser(adresse, "NUMCOM", "35236" if depart != "35236" else "35238")


def partir(foyer: _Element) -> _Element:
    """Take the conjoint out of a foyer."""
    conjoint = next(un for un in foyer.iterfind("Personne") if role(un) == "CJT")
    foyer.remove(conjoint)
    return conjoint


def separer(flux: Flux, *, en_tete: bool) -> None:
    """A conjoint leaves for a foyer of their own: the right goes on, the clock too."""
    quitte = flux.prendre(couple)
    parti = partir(quitte)
    for bloc in parti.iter("ROLEPERS"):
        bloc.text = "DEM"
    foyer = flux.neuf(lambda un: seul(un) and un.find(".//OrganismeCedant") is None)
    foyer.replace(adultes(foyer)[0], parti)
    flux.ajouter(foyer, en_tete=en_tete)
    flux.attendre("personne_partie", quitte, parti)
    flux.attendre("droit_ouvert", foyer)
    flux.attendre("personne_arrivee", foyer, parti)


def planter(flux: Flux, version: Version) -> None:
    """Plant one change of each type, and say what it must make told."""
    for avant, apres, dit in (
        ("2", "3", "droit_suspendu"),
        ("2", "4", "droit_suspendu"),
        ("3", "2", "droit_retabli"),
        ("4", "2", "droit_retabli"),
    ):
        foyer = flux.prendre(lambda un, avant=avant: seul(un, dans=avant))  # type: ignore[misc]
        poser(foyer, "ETATDOSRSA", apres)
        flux.attendre(dit, foyer)

    foyer = flux.prendre(seul)
    clore(foyer, "PCG" if version == "VRSB0801" else "CMD")
    flux.attendre("droit_clos", foyer)
    foyer = flux.prendre(couple)
    clore(foyer, "XX9")  # a code that nobody told us
    flux.attendre("droit_clos", foyer)
    for un in adultes(foyer):
        soumettre(un, False)
        flux.attendre("sortie_droits_devoirs", foyer, un)

    foyer = flux.prendre(lambda un: seul(un, dans="0", droits=False))
    poser(foyer, "ETATDOSRSA", "2")
    soumettre(adultes(foyer)[0], True)
    cedant = foyer.find(".//OrganismeCedant") is not None
    flux.attendre("droit_transfere" if cedant else "droit_ouvert", foyer)
    flux.attendre("entree_droits_devoirs", foyer, adultes(foyer)[0])

    foyer = flux.neuf(lambda un: seul(un) and un.find(".//OrganismeCedant") is None)
    flux.ajouter(foyer)
    flux.attendre("droit_ouvert", foyer)
    foyer = flux.neuf(lambda un: seul(un, dans="34") and un.find(".//OrganismeCedant") is None)
    identification = foyer.find("IdentificationRSA")
    assert identification is not None
    poser(identification, "OrganismeCedant", "")
    flux.ajouter(foyer)
    flux.attendre("droit_transfere", foyer)
    flux.ajouter(flux.neuf(lambda un: etat(un) in "0156"))

    foyer = flux.prendre(
        lambda un: etat(un) == "2" and [*map(soumise, adultes(un))] in ([True, False],)
    )
    soumettre(adultes(foyer)[1], True)
    flux.attendre("entree_droits_devoirs", foyer, adultes(foyer)[1])
    foyer = flux.prendre(seul)
    soumettre(adultes(foyer)[0], False)
    flux.attendre("sortie_droits_devoirs", foyer, adultes(foyer)[0])

    foyer = flux.prendre(seul)
    demenager(foyer)
    flux.attendre("demenagement", foyer)

    foyer = flux.prendre(couple)
    mort = adultes(foyer)[1]
    if version == "VRSD0301":
        identification = mort.find("Identification")
        assert identification is not None
        poser(identification, "DTDC", "2026-10-03")
    else:
        poser(foyer, "ETATDOSRSA", "3")
        situation = foyer.find(".//SituationDossierRSA")
        assert situation is not None
        droit = etree.SubElement(situation, "SuspensionDroit")
        etree.SubElement(droit, "MOTISUSDRORSA").text = (
            "DG" if valeur(mort, "SEXE") == "2" else "DH"
        )
        etree.SubElement(droit, "DDSUSDRORSA").text = "2026-10-03"
        flux.attendre("droit_suspendu", foyer)
    flux.attendre("deces", foyer, mort)

    foyer = flux.prendre(couple)
    parti = partir(foyer)
    flux.attendre("personne_partie", foyer, parti)
    flux.attendre("sortie_droits_devoirs", foyer, parti)
    separer(flux, en_tete=True)
    separer(flux, en_tete=False)

    foyer = flux.prendre(seul)
    arrive = next(un for un in adultes(flux.neuf(couple)) if role(un) == "CJT")
    adultes(foyer)[0].addnext(arrive)
    flux.attendre("personne_arrivee", foyer, arrive)
    flux.attendre("entree_droits_devoirs", foyer, arrive)


async def lister(client: Client, filtre: str) -> list[dict[str, Any]]:
    """Every page of a list of movements."""
    found: list[dict[str, Any]] = []
    url: str | None = f"/v1/mouvements?limite=37&{filtre}"
    while url:
        answer = await client.get(url)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["elements"]
        url = page["pagination"]["suivant"]
    assert len({one["id"] for one in found}) == len(found)
    return found


async def dits(client: Client, service: Service, code: str, import_id: str) -> Counter[Dit]:
    """What an import told, in words that the file has too."""
    async with service.base.transaction(service.acces_interne(code)) as tx:
        dossiers = {r.id: r.cle for r in await tx.execute(text("SELECT id, cle FROM dossier"))}
        personnes = {
            r.id: r.date_naissance.isoformat()
            for r in await tx.execute(text("SELECT id, date_naissance FROM personne"))
        }
    return Counter(
        (
            one["type"],
            dossiers[UUID(one["dossier_id"])],
            personnes[UUID(one["personne_id"])] if one["personne_id"] else None,
        )
        for one in await lister(client, f"import_id={import_id}")
    )


async def faits(client: Client) -> list[dict[str, Any]]:
    """The whole feed."""
    found: list[dict[str, Any]] = []
    url = "/v1/changements?limite=200"
    while True:
        page = (await client.get(url)).json()
        if not page["elements"]:
            return found
        found += page["elements"]
        url = page["pagination"]["suivant"]


async def lignes(service: Service, code: str) -> dict[str, int]:
    """How many rows each table has for a collectivité."""
    noms = [*tables.Base.metadata.tables, *communes.Base.metadata.tables]
    async with service.base.transaction(service.acces_interne(code)) as tx:
        return {
            nom: (await tx.execute(text(f'SELECT count(*) FROM "{nom}"'))).scalar_one()
            for nom in noms
        }


def ecart(apres: Mapping[str, int], avant: Mapping[str, int]) -> dict[str, int]:
    return {nom: apres[nom] - avant[nom] for nom in apres if apres[nom] != avant[nom]}


@pytest.mark.parametrize("version", ["VRSB0801", "VRSD0301"])
async def test_two_flux_a_month_apart_tell_exactly_what_was_planted(
    client: Client,
    service: Service,
    ouverte: str,
    version: Version,
    complet: bool,
) -> None:
    """Then one out of order is refused whole, and the same file again writes nothing.

    A person who goes from one foyer to another is told alike whichever comes first in the file.
    Planted: the departures of a group not set against its other foyers, red; the order of whole
    files left out, red.
    """
    septembre = Flux.premier(2_000 if complet else 400, version)
    octobre = septembre.du(OCTOBRE)
    planter(octobre, version)

    premier = await importer(client, service, ouverte, septembre.octets())
    assert (premier["statut"], premier["compteurs"]["foyers_refuses"]) == ("terminee", 0)
    assert await dits(client, service, ouverte, premier["id"]) == septembre.attendus
    second = await importer(client, service, ouverte, octobre.octets())
    assert (second["statut"], second["compteurs"]["foyers_refuses"]) == ("terminee", 0)

    assert await dits(client, service, ouverte, second["id"]) == octobre.attendus
    mouvements = await lister(client, "tri=cree_le")
    assert {one["type"] for one in mouvements} >= {type_ for type_, _, _ in octobre.attendus}
    assert Counter((f"orientation.mouvement.{one['type']}", one["id"]) for one in mouvements) == (
        Counter(
            (one["type"], one["id"])
            for one in await faits(client)
            if one["ressource"] == "mouvements"
        )
    )
    motifs = {one["motif"] for one in mouvements if one["type"] == "droit_clos"}
    assert motifs == {"PCG" if version == "VRSB0801" else "CMD", "XX9"}
    assert {one["motif"] for one in mouvements if one["type"] != "droit_clos"} == {None}
    assert {one["version_flux"] for one in mouvements} == {version}
    assert {one["date_reference"] for one in mouvements if one["import_id"] == second["id"]} == {
        OCTOBRE.isoformat()
    }

    avant = await lignes(service, ouverte)
    ancien = await importer(client, service, ouverte, septembre.du(date(2026, 8, 31)).octets())
    assert (ancien["statut"], ancien["probleme"]) == (
        "echouee",
        {"code": "date_reference_anterieure", "ligne": None, "champ": "DTREF"},
    )
    apres = await lignes(service, ouverte)
    # The import, and that it was received and failed; nothing of any foyer.
    assert ecart(apres, avant) == {"import": 1, "evenement": 2, "idempotence": 1}

    for encodage in ("windows-1252", "utf-8"):
        avant = apres
        meme = await importer(client, service, ouverte, octobre.octets(encodage))
        assert meme["compteurs"]["foyers_identiques"] == len(octobre.foyers)
        apres = await lignes(service, ouverte)
        assert ecart(apres, avant) == {
            "import": 1,
            "evenement": 2,
            "idempotence": 1,
            "import_resultat": len(octobre.foyers),
        }
    assert await dits(client, service, ouverte, second["id"]) == octobre.attendus


async def test_a_person_who_changes_foyer_keeps_their_clock(
    client: Client, service: Service, ouverte: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the foyer that they left comes before or after, in one batch or in two.

    Planted: what is to be decided closed at once, a new clock for one of the three, red.
    """
    monkeypatch.setattr(travail, "LOT", 50)
    septembre = Flux.premier(200, "VRSB0801")
    octobre = septembre.du(OCTOBRE)
    separer(octobre, en_tete=True)
    separer(octobre, en_tete=False)
    pres = octobre.prendre(couple)
    parti = partir(pres)
    for bloc in parti.iter("ROLEPERS"):
        bloc.text = "DEM"
    foyer = octobre.neuf(seul)
    foyer.replace(adultes(foyer)[0], parti)
    pres.addnext(foyer)
    await importer(client, service, ouverte, septembre.octets())
    avant = await a_decider(service, ouverte)

    done = await importer(client, service, ouverte, octobre.octets())

    assert (done["compteurs"]["orientations_creees"], done["compteurs"]["orientations_closes"]) == (
        0,
        0,
    )
    assert await a_decider(service, ouverte) == avant


async def a_decider(service: Service, code: str) -> set[tuple[UUID, UUID]]:
    """Which person waits, and by which orientation."""
    async with service.base.transaction(service.acces_interne(code)) as tx:
        rows = await tx.execute(
            text("SELECT id, personne_id FROM orientation WHERE statut = 'brouillon'")
        )
        return {(row.id, row.personne_id) for row in rows}


async def test_who_leaves_for_nowhere_is_no_longer_to_decide(
    client: Client, service: Service, ouverte: str
) -> None:
    """And comes back under a new clock, as the person they were.

    Planted: their role left to who leaves, red.
    """
    septembre = Flux.premier(60, "VRSB0801")
    octobre = septembre.du(OCTOBRE)
    parti = partir(octobre.prendre(couple))
    await importer(client, service, ouverte, septembre.octets())
    avant = await a_decider(service, ouverte)

    done = await importer(client, service, ouverte, octobre.octets())

    assert done["compteurs"]["orientations_closes"] == 1
    ((_, personne_id),) = avant - await a_decider(service, ouverte)
    (partie,) = await lister(client, f"type=personne_partie&personne_id={personne_id}")
    personne = (await client.get(f"/v1/personnes/{personne_id}")).json()
    assert personne["date_naissance"] == naissance(parti)
    assert (personne["beneficiaire_rsa"], personne["droits_devoirs"], personne["role"]) == (
        False,
        False,
        None,
    )
    assert personne["dossier_id"] == partie["dossier_id"]
    back = await importer(client, service, ouverte, septembre.du(NOVEMBRE).octets())
    assert back["compteurs"]["orientations_creees"] == 1
    revenues = await lister(client, f"import_id={back['id']}")
    assert sorted((one["type"], one["personne_id"]) for one in revenues) == [
        ("entree_droits_devoirs", str(personne_id)),
        ("personne_arrivee", str(personne_id)),
    ]


async def test_a_death_closes_what_was_decided_and_gives_the_place_back(
    client: Client, service: Service, ouverte: str, ft: dict[str, Any]
) -> None:
    """The other one of the couple waited for it. Planted: only what is to decide closed, red."""
    septembre = Flux.premier(60, "VRSD0301")
    octobre = septembre.du(OCTOBRE)
    foyer = octobre.prendre(couple)
    await importer(client, service, ouverte, septembre.octets())
    deux = await orientations_de(client, service, ouverte, foyer)
    for orientation in deux:
        url = f"/v1/orientations/{orientation['id']}/criteres"
        assert (await client.post(url, criteres(), version=1)).status_code == 201
    placee, en_file = [await decider(client, un) for un in deux]
    assert (placee["place"]["statut"], en_file["place"]["statut"]) == ("placee", "en_file")
    mort = next(un for un in adultes(foyer) if naissance(un) == deux[0]["date_naissance"])
    identification = mort.find("Identification")
    assert identification is not None
    poser(identification, "DTDC", "2026-10-03")

    done = await importer(client, service, ouverte, octobre.octets())

    assert done["compteurs"]["orientations_closes"] == 1
    lues = [(await client.get(f"/v1/orientations/{un['id']}")).json() for un in deux]
    assert [(un["statut"], un["place"]["statut"]) for un in lues] == [
        ("cloturee", "liberee"),
        ("ouverte", "placee"),
    ]
    suite = [one["type"] for one in await faits(client)][-5:]
    assert sorted(suite) == [
        "orientation.import.recu",
        "orientation.import.terminee",
        "orientation.mouvement.deces",
        "orientation.orientation.close",
        "orientation.place.attribuee",
    ]


async def orientations_de(
    client: Client, service: Service, code: str, foyer: _Element
) -> list[dict[str, Any]]:
    """The orientations of the adults of a foyer, with their birth dates."""
    async with service.base.transaction(service.acces_interne(code)) as tx:
        rows = await tx.execute(
            text(
                "SELECT o.id, p.date_naissance FROM orientation o JOIN personne p"
                " ON p.id = o.personne_id JOIN dossier d ON d.id = p.dossier_id WHERE d.cle = :cle"
            ),
            {"cle": cle(foyer)},
        )
        return [
            {"id": str(row.id), "date_naissance": row.date_naissance.isoformat()} for row in rows
        ]


async def test_a_closed_right_leaves_the_orientation_in_force(
    client: Client, service: Service, ouverte: str, ft: dict[str, Any]
) -> None:
    """The follow-up does not depend on the status of one day; only its movement is told."""
    septembre = Flux.premier(60, "VRSB0801")
    octobre = septembre.du(OCTOBRE)
    foyer = octobre.prendre(seul)
    await importer(client, service, ouverte, septembre.octets())
    (orientation,) = await orientations_de(client, service, ouverte, foyer)
    url = f"/v1/orientations/{orientation['id']}/criteres"
    assert (await client.post(url, criteres(), version=1)).status_code == 201
    await decider(client, orientation)
    clore(foyer, "ECH")
    soumettre(adultes(foyer)[0], False)

    done = await importer(client, service, ouverte, octobre.octets())

    assert done["compteurs"]["orientations_closes"] == 0
    lue = (await client.get(f"/v1/orientations/{orientation['id']}")).json()
    assert (lue["statut"], lue["place"]["statut"]) == ("ouverte", "placee")
    assert Counter(one["type"] for one in await lister(client, f"import_id={done['id']}")) == {
        "droit_clos": 1,
        "sortie_droits_devoirs": 1,
    }


async def test_daily_and_monthly_files_live_side_by_side(
    client: Client, service: Service, ouverte: str
) -> None:
    """A monthly file follows a later daily one; what that one told of a foyer stays.

    Planted: one order for all types of files, the monthly one refused, red.
    """
    septembre = Flux.premier(20, "VRSB0801")
    journalier = septembre.du(date(2026, 11, 2), "J")
    touche = journalier.prendre(seul)
    poser(touche, "ETATDOSRSA", "3")
    for foyer in journalier.foyers:
        if cle(foyer) != cle(touche):
            journalier.racine.remove(foyer)
    mensuel = septembre.du(OCTOBRE)
    mensuel.pris.add(cle(touche))
    demenager(mensuel.prendre(seul))
    for flux in (septembre, journalier):
        await importer(client, service, ouverte, flux.octets())

    done = await importer(client, service, ouverte, mensuel.octets())

    assert done["statut"] == "terminee"
    codes = Counter(
        one["probleme"]["code"] if one["probleme"] else one["statut"]
        for one in await resultats(client, done["id"])
    )
    assert codes == {"date_reference_anterieure": 1, "modifiee": 1, "identique": 18}


async def test_a_foyer_told_again_as_it_was_is_not_undone_by_an_older_file(
    client: Client, service: Service, ouverte: str
) -> None:
    """Planted: the day of an identical foyer left as it was, the older file taken, red."""
    septembre = Flux.premier(5, "VRSB0801")
    tardif = septembre.du(date(2026, 10, 15), "J")
    poser(tardif.prendre(seul), "ETATDOSRSA", "3")
    for flux in (septembre, septembre.du(OCTOBRE)):
        await importer(client, service, ouverte, flux.octets())

    done = await importer(client, service, ouverte, tardif.octets())

    assert done["compteurs"]["foyers_refuses"] == 5
    assert await lister(client, "type=droit_suspendu") == []


async def test_a_flux_sent_again_does_not_undo_what_followed_it_the_same_day(
    client: Client, service: Service, ouverte: str
) -> None:
    """Known by what identifies it, not by its bytes. Planted: the key not looked for, red."""
    septembre = Flux.premier(20, "VRSB0801")
    journalier = septembre.du(SEPTEMBRE, "J")
    poser(journalier.prendre(seul), "ETATDOSRSA", "3")
    for flux in (septembre, journalier):
        await importer(client, service, ouverte, flux.octets())

    again = await importer(client, service, ouverte, septembre.octets("utf-8"))

    assert (again["statut"], again["compteurs"]["foyers_identiques"]) == ("terminee", 20)
    assert await lister(client, f"import_id={again['id']}") == []
    assert len(await lister(client, "type=droit_suspendu")) == 1


async def test_a_list_is_filtered_and_a_movement_read(
    client: Client, service: Service, ouverte: str
) -> None:
    septembre = Flux.premier(20, "VRSB0801")
    octobre = septembre.du(OCTOBRE)
    demenager(octobre.prendre(seul))
    soumettre(adultes(octobre.prendre(seul))[0], False)
    await importer(client, service, ouverte, septembre.octets())
    await importer(client, service, ouverte, octobre.octets())

    (demenagement,) = await lister(client, "type=demenagement")
    (sortie,) = await lister(client, "type=sortie_droits_devoirs")
    assert await lister(client, f"personne_id={sortie['personne_id']}") == [sortie]
    assert [one["type"] for one in await lister(client, f"dossier_id={sortie['dossier_id']}")] == [
        "sortie_droits_devoirs",
        "droit_ouvert",
    ]
    deux = await lister(client, "type=sortie_droits_devoirs&type=demenagement")
    assert {one["id"] for one in deux} == {demenagement["id"], sortie["id"]}
    assert {one["id"] for one in await lister(client, "date_reference_min=2026-10-01")} == {
        one["id"] for one in deux
    }
    lu = await client.get(f"/v1/mouvements/{demenagement['id']}")
    personnes = lu.json()["personne_ids"]
    assert lu.json() == {**demenagement, "personne_ids": personnes}
    # All who are of the foyer now.
    assert len(personnes) == len(set(personnes)) >= 1
    lu = await client.get(f"/v1/mouvements/{sortie['id']}")
    assert lu.json()["personne_ids"] == [sortie["personne_id"]]
    inconnu = await client.get(f"/v1/mouvements/{demenagement['dossier_id']}")
    assert (inconnu.status_code, inconnu.json()["code"]) == (404, "introuvable")
    refuse = await client.get("/v1/mouvements?type=inconnu")
    assert (refuse.status_code, refuse.json()["code"]) == (422, "validation")


async def test_a_movement_of_a_foyer_has_another_etag_once_somebody_left(
    client: Client, service: Service, ouverte: str
) -> None:
    """It tells who is of the foyer now.

    Planted: its own version as ETag; who has no role in it any more told all the same: red.
    """
    septembre = Flux.premier(20, "VRSB0801")
    octobre = septembre.du(OCTOBRE)
    partir(octobre.prendre(couple))
    await importer(client, service, ouverte, septembre.octets())
    avant = {
        un["id"]: await client.get(f"/v1/mouvements/{un['id']}")
        for un in await lister(client, "type=droit_ouvert")
    }
    await importer(client, service, ouverte, octobre.octets())
    (parti,) = await lister(client, "type=personne_partie")

    restes = {}
    for mouvement_id, lu in avant.items():
        connu = {"If-None-Match": lu.headers["ETag"]}
        encore = await client.get(f"/v1/mouvements/{mouvement_id}", headers=connu)
        if encore.status_code != 304:
            restes[lu.json()["dossier_id"]] = (lu.json(), encore.json())

    ((dossier_id, (lu, relu)),) = restes.items()
    assert dossier_id == parti["dossier_id"]
    assert set(lu["personne_ids"]) - set(relu["personne_ids"]) == {parti["personne_id"]}


async def test_no_orientation_is_opened_on_a_closed_dossier(
    client: Client, service: Service, ouverte: str
) -> None:
    """What was to decide is closed with the right; planted: the state not looked at, 201: red."""
    flux = Flux.premier(40, "VRSD0301")
    await importer(client, service, ouverte, flux.octets())
    suite = flux.du(OCTOBRE)
    clore(suite.prendre(seul), "CMD")
    imported = await importer(client, service, ouverte, suite.octets())
    (clos,) = await lister(client, f"import_id={imported['id']}&type=droit_clos")
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        query = text("SELECT id FROM personne WHERE dossier_id = :dossier")
        personne_id = (await tx.execute(query, {"dossier": UUID(clos["dossier_id"])})).scalar_one()
    demande = {"personne_id": str(personne_id)}

    refused = await client.post("/v1/orientations", demande)
    ailleurs = await client.post(
        "/v1/orientations", demande | {"organisme_demande": "mission_locale"}
    )

    assert (refused.status_code, refused.json()["code"]) == (409, "transition-interdite")
    assert refused.json()["etat_dossier"] == "5"
    assert ailleurs.status_code == 201, ailleurs.text
