"""What the files of the départements say, loaded through the API; and imported, told before."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.local.chargement import charger_financement
from deploy.local.collectivites import Collectivite, Demonstration, charger, charger_demonstration
from deploy.local.importation import Signe, comparer, importer
from deploy.local.partenaire import Partenaire, par_reference
from shared.schemas.financement.enveloppes import Qualificatif
from tests.api.financement.conftest import Horloge
from tests.conftest import EMETTEUR, URLS, Reseau

DOSSIER = Path(__file__).parents[3] / "deploy" / "collectivites"


class _Adresses:
    """Where the services of the tests are."""

    emetteur = EMETTEUR

    def service(self, nom: str) -> str:
        return URLS[nom]


@pytest.fixture(scope="module")
def departements() -> Mapping[str, Collectivite]:
    return charger(DOSSIER)


@pytest.fixture(scope="module")
def demo(departements: Mapping[str, Collectivite]) -> Demonstration:
    return charger_demonstration(DOSSIER, departements)


@pytest_asyncio.fixture
async def si(reseau: Reseau, ouverte: str, horloge: Horloge) -> Any:
    """A partner's information system, in this test's collectivité."""
    async with httpx.AsyncClient(transport=reseau) as http:
        yield Partenaire(
            _Adresses(),  # type: ignore[arg-type]  # the same two answers
            http,
            client_id="si-essai",
            secret="secret",
            collectivite=ouverte,
            portees=["financement:lire", "financement:ecrire", "financement:administrer"],
        )


async def _tout(si: Partenaire, *chemins: str) -> list[Any]:
    return [[one async for one in si.tout("financement", chemin)] for chemin in chemins]


async def test_every_amount_of_the_pages_is_loaded_and_three_are_posted(
    si: Partenaire, departements: Mapping[str, Collectivite], demo: Demonstration
) -> None:
    """I-14: the CLS total (in two equal lines) and the two amounts of the CDIE; nothing else."""
    for departement in departements.values():
        await charger_financement(si, departement, demo)
    enveloppes, ecritures = await _tout(si, "/v1/enveloppes", "/v1/ecritures")
    ouvertes = [one for one in enveloppes if one["statut"] == "ouverte"]

    parts: dict[str, list[int]] = {}
    for one in ouvertes:
        parts.setdefault(one["convention_id"], []).append(one["ouvert_centimes"])
    assert sorted(sorted(found) for found in parts.values()) == [
        [620_850_00, 620_850_00],
        [624_670_00, 730_670_00],
    ]
    assert len(ecritures) == len(ouvertes)
    imprimes = [
        montant.montant_centimes
        for departement in departements.values()
        for convention in departement.conventions
        for enveloppe in convention.enveloppes
        for montant in (enveloppe.total, *enveloppe.lignes)
        if montant and montant.qualificatif is Qualificatif.EXACT and montant.texte_source
    ]
    assert sorted(filter(None, imprimes)) == [624_670_00, 730_670_00, 1_241_700_00]
    annonces = {
        (one["annonce"]["montant_centimes"], one["annonce"]["qualificatif"])
        for one in enveloppes
        if one["annonce"]
    }
    assert annonces == {
        (720_000_00, "presque"),
        (1_000_000_00, "presque"),
        (188_000_000_00, "exact_arrondi_million"),
        (2_650_000_00, "exact_arrondi_dix_mille"),
        (570_000_00, "un_peu_plus_de"),
        (4_000_000_00, "plus_de"),
    }
    assert all(one["ouvert_centimes"] == 0 for one in enveloppes if one["annonce"])


async def test_what_the_pages_say_of_their_conventions(
    si: Partenaire, departements: Mapping[str, Collectivite], demo: Demonstration
) -> None:
    """Loaded twice: nothing doubles."""
    for _ in range(2):
        for departement in departements.values():
            await charger_financement(si, departement, demo)
    conventions = await par_reference(si, "/v1/conventions")

    pdi, pti = conventions["01-PDI-2014-2019"], conventions["01-PTI-2018-2021"]
    assert [
        pdi[nom]
        for nom in ("nombre_actions", "nombre_actions_territoriales", "nombre_orientations")
    ] == [22, 17, 27]
    assert [one["statut"] for one in pti["signataires"]] == ["invite"] * 10
    assert not any(one["requis"] for one in pti["signataires"])
    cls = conventions["35-CLS-2024-2027"]
    assert (len(cls["axes"]), cls["nombre_actions"]) == (3, 17)
    xft = conventions["35-XFT-2023"]
    assert xft["territoires"] == ["redon-vallons-de-vilaine"]
    versions, documents = await _tout(
        si,
        f"/v1/conventions/{xft['id']}/versions",
        f"/v1/conventions/{conventions['42-CALPAE-2019-2021']['id']}/documents",
    )
    assert [(one["reference"], one["statut"], one["date_effet"]) for one in versions] == [
        ("35-XFT-2023-AV2024", "delibere", None),
        ("35-XFT-2023", "applicable", None),
    ]
    assert [(one["type"], one["date_document"]) for one in documents] == [
        ("diagnostic_partage", None)
    ]


async def test_an_import_is_told_then_written_once(
    si: Partenaire, departements: Mapping[str, Collectivite]
) -> None:
    """A comparison writes nothing; after the import there is nothing left to write."""
    told = await comparer(si, departements["01D"])
    (nothing,) = await _tout(si, "/v1/conventions")
    await importer(si, departements["01D"], told)
    versions = {one["id"]: one["version"] for one in (await _tout(si, "/v1/actions"))[0]}
    await importer(si, departements["01D"], await comparer(si, departements["01D"]))

    assert nothing == []
    assert [(one.signe, one.convention, one.action) for one in told] == [
        (Signe.AJOUT, "01-PDI-2014-2019", None),
        *((Signe.AJOUT, "01-PDI-2014-2019", f"01-PDI-0{rang}") for rang in range(1, 6)),
        (Signe.AJOUT, "01-PTI-2018-2021", None),
    ]
    assert next(told[1].lignes()) == "+ action 01-PDI-01 (01-PDI-2014-2019)"
    assert await comparer(si, departements["01D"]) == []
    (actions,) = await _tout(si, "/v1/actions")
    assert {one["id"]: one["version"] for one in actions} == versions


async def test_a_file_that_changed_corrects_actions_and_leaves_conventions_to_avenants(
    si: Partenaire, departements: Mapping[str, Collectivite]
) -> None:
    avant = departements["01D"]
    await importer(si, avant, await comparer(si, avant))
    pdi, pti = avant.conventions
    corrigee = pdi.actions[0].model_copy(update={"libelle": "contrats aidés", "axe": 4})
    apres = avant.model_copy(
        update={
            "conventions": (
                pdi.model_copy(update={"annee_fin": 2020, "actions": (corrigee, *pdi.actions[1:])}),
                pti,
            )
        }
    )

    told = await comparer(si, apres)
    await importer(si, apres, told)

    convention, action = told
    assert (convention.signe, convention.champs) == (Signe.AVENANT, {"annee_fin": (2019, 2020)})
    assert list(convention.lignes()) == [
        "! convention 01-PDI-2014-2019 : un avenant est à prendre",
        "    annee_fin : 2019 -> 2020",
    ]
    assert (action.signe, action.action, sorted(action.champs)) == (
        Signe.CORRECTION,
        "01-PDI-01",
        ["axe", "libelle"],
    )
    (actions,) = await _tout(si, "/v1/actions")
    (found,) = [one for one in actions if one["code"] == "01-PDI-01"]
    assert (found["libelle"], found["axe"], found["version"]) == ("contrats aidés", 4, 2)
    conventions = await par_reference(si, "/v1/conventions")
    assert conventions["01-PDI-2014-2019"]["annee_fin"] == 2019
    assert await comparer(si, apres) == [replace(convention)]
