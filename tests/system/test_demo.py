"""The command a newcomer runs."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.local.partenaire import Partenaire, Refusee
from deploy.local.services import RACINE, SERVICES, Installation
from tests.documents import document
from tests.system.abonnements import abonner
from tests.system.activites import agir
from tests.system.conftest import CONTRAT, departement, ports_libres
from tests.system.consultations import consulter
from tests.system.conventions import convenir
from tests.system.credits import financer
from tests.system.data_inclusion import lire_catalogue
from tests.system.depenses import depenser
from tests.system.emplois import employer
from tests.system.france_travail import reconcilier
from tests.system.immersions import immerger
from tests.system.lots import exporter, importer
from tests.system.points_etape import etablir
from tests.system.prescrire import prescrire
from tests.system.rdv_insertion import annoncer
from tests.system.recettes import recevoir
from tests.system.suivis import suivre
from tests.system.suspensions import signaler

ORGANISMES = "/v1/organismes-referents"


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demonstration keeps what it made."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def bilan(dossier: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `./jalons demo --une-fois --json` says on its last line, from an empty folder."""
    arguments = ["--une-fois", "--json", "--dossier", dossier, "--port", str(ports_libres())]
    done = subprocess.run(
        [RACINE / "jalons", "demo", *arguments],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        cwd=tmp_path_factory.mktemp("ailleurs"),
        env={**os.environ, "HOME": str(tmp_path_factory.mktemp("home"))},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_people_add_up(bilan: dict[str, Any]) -> None:
    personnes = bilan["personnes"]
    assert personnes["importees"] == (
        personnes["a_orienter"] + personnes["hors_orientation"] + personnes["refusees"]
    )
    assert personnes["a_orienter"] > 200
    assert personnes["refusees"] > 0


def test_each_decision_opened_a_parcours(bilan: dict[str, Any]) -> None:
    orientations = bilan["orientations"]
    assert bilan["parcours"]["ouverts"] == orientations["decidees"] > 200
    assert sum(orientations["par_parcours"].values()) == orientations["proposees"]
    assert set(orientations["par_parcours"]) >= {"social", "socio_professionnel", "indetermine"}
    etats = orientations["decisions_par_etat"]
    assert etats["acceptee"] > 10 * etats["refusee"] / 2 > 0


def test_each_envelope_adds_up_to_the_cent(bilan: dict[str, Any]) -> None:
    for enveloppe in bilan["enveloppes"]:
        assert enveloppe["ouvert_centimes"] == (
            enveloppe["disponible_centimes"]
            + enveloppe["reserve_centimes"]
            + enveloppe["engage_centimes"]
        )
    opened = [one for one in bilan["enveloppes"] if one["ouvert_centimes"]]
    assert {(one["collectivite"], one["exercice"]) for one in opened} == {("35D", 2024)}
    assert sum(one["ouvert_centimes"] for one in opened) == 259_704_000
    # The last euros of a line, and an action's last place, were driven to the refusal.
    assert sum(one["disponible_centimes"] == 0 for one in opened) == 2
    assert len(bilan["refus_montres"]) == 2


def test_what_is_only_announced_opens_nothing(bilan: dict[str, Any]) -> None:
    announced = [one for one in bilan["enveloppes"] if one["annonce"]]
    assert len(announced) == 6
    assert not any(one["ouvert_centimes"] for one in announced)


def test_freins_were_recorded_and_prescribed(bilan: dict[str, Any]) -> None:
    assert bilan["freins"]["mobilite"]["fort"] > 0
    assert bilan["prescriptions"]["confirmee"] > 10
    assert bilan["prescriptions"]["reservee"] > 10


async def test_a_token_of_another_departement_finds_nothing(
    dossier: Path, bilan: dict[str, Any]
) -> None:
    """On every object of 35D, a token of 44D gets 404, equal to what is absent.

    Planted: the filter and the wall left out of one table, red.
    """
    assert bilan["parcours"]["ouverts"]
    with Installation(dossier, port=ports_libres()).en_marche() as installation:
        async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
            ours, theirs = (departement(installation, http, code) for code in ("35D", "44D"))
            seen = 0
            faits = await autres_actes(ours)
            await abonner(ours, installation.adresses)
            reconcilies = await reconcilier(ours, installation)
            faits |= {nom: {nom: found} for nom, found in reconcilies.items()}
            annonces = await annoncer(ours, installation)
            seuls = {
                "rendez_vous_partenaire_id": annonces["rendez_vous_rdv_insertion"][0],
                "invitation_id": annonces["invitations"][0],
                "reglage_invitations_id": annonces["reglages_invitations"][0],
                "convention_immersion_id": (await immerger(ours, installation))[0],
                "synchronisation_data_inclusion_id": await lire_catalogue(ours, installation),
            }
            faits |= {nom: {nom: found} for nom, found in seuls.items()}
            for service in SERVICES:
                await exporter(ours, service)
                await importer(ours, service)
            comptable = departement(installation, http, "35D", "comptable-")
            depenses = await depenser(ours, comptable)
            faits |= {nom: {nom: found} for nom, found in depenses.items()}
            for service in SERVICES:
                for chemin, parametres in objets(service):
                    ids = faits.get(parametres[-1]) or await valeurs(ours, service, parametres)
                    path = chemin.format(**ids)
                    await ours.lire(service, path)
                    absent = chemin.format(**dict.fromkeys(parametres, str(uuid4())))
                    refused = [await refus(theirs, service, one) for one in (path, absent)]
                    assert refused[0] == refused[1], chemin
                    assert refused[0]["code"] == "introuvable", chemin
                    seen += 1
    assert seen >= 15


@pytest.mark.skipif(shutil.which("curl") is None, reason="le README parle à curl")
def test_the_readmes_first_decision_works_word_by_word(
    dossier: Path, bilan: dict[str, Any]
) -> None:
    """The commands of the README, in order, with this installation's ports."""
    assert bilan["adresses"]
    readme = (RACINE / "README.md").read_text(encoding="utf-8")
    section = readme.split("## Votre première décision")[1].split("\n## ")[0]
    commandes = "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))
    port = ports_libres()
    for rang in range(4):
        commandes = commandes.replace(f":870{rang}/", f":{port + rang}/")
    ici = f"--dossier {dossier} --port {port}"
    commandes = re.sub(r"(jalons jeton \S+ \w+)", rf"\1 {ici}", commandes)
    # The feed opens the parcours a moment later: a person reads slower than a script.
    commandes = commandes.replace('curl -s "http', 'sleep 3\ncurl -s "http')
    with Installation(dossier, port=port).en_marche():
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commandes],
            cwd=RACINE,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert "La règle P4 propose le parcours socio-professionnel." in done.stdout
    assert '"regle_competence": "C1"' in done.stdout
    assert '"statut": "ouvert"' in done.stdout


def objets(service: str) -> list[tuple[str, list[str]]]:
    """Every path of a service that reads one object as JSON, and its parameters.

    Those of the sandbox alone read nothing here.
    """
    return [
        (chemin, re.findall(r"{(\w+)}", chemin))
        for chemin, operations in document(service)["paths"].items()
        if "get" in operations
        and re.search(r"_id}", chemin)
        and "_de_test_id}" not in chemin
        and "application/json" in operations["get"]["responses"]["200"]["content"]
    ]


async def autres_actes(si: Partenaire) -> dict[str, dict[str, str]]:
    """What the demonstration does not do, done once: the ids of each, by its path's last one."""
    decidees = si.tout("orientation", "/v1/orientations", statut="ouverte")
    annulee, notifiee, *autres = [one async for one in decidees if one["place"]]
    organismes = {one["type"]: one["id"] async for one in si.tout("orientation", ORGANISMES)}
    du_departement = {"type_parcours": "social"} | {
        "organisme_referent_id": organismes["conseil_departemental"]
    }
    sociale = next(one for one in autres if du_departement.items() <= one.items())
    personne = f"/v1/personnes/{annulee['personne_id']}"

    async def faire(chemin: str, corps: dict[str, Any], version: int | None = None) -> str:
        made = await si.ecrire("orientation", chemin, corps, cle=chemin, version=version)
        return str(made["id"])

    lieu = {"type_lieu": "caf", "lieu": "Point d'accueil"}
    seance = {
        "type": "reunion_collective",
        "code_commune": "35236",
        "debut_le": "2030-01-07T09:00:00Z",
        "fin_le": "2030-01-07T11:00:00Z",
        "places": 12,
    }
    accueil = await faire("/v1/accueils", lieu | seance)
    convocation = await faire(
        f"/v1/accueils/{accueil}/convocations",
        {"personne_id": annulee["personne_id"], "mode": "courrier"},
    )
    dispense = await faire(
        f"{personne}/dispenses", {"type": "reunion_collective", "motif": "deja_informee"}
    )
    declaration = await faire(
        f"{personne}/declarations-dsp",
        {"codes": [{"champ": "DIFDISP", "code": "0507"}], "source": "organisme_payeur"},
    )
    contact = await faire("/v1/contacts", lieu | {"type": "sur_place", "motif": "acces_aux_droits"})
    notification = await faire(
        f"/v1/orientations/{notifiee['id']}/notifications",
        {"mode": "lettre_recommandee", "date_envoi": notifiee["date_effet"]},
        notifiee["version"],
    )
    annulation = await faire(
        f"/v1/orientations/{annulee['id']}/annulations", {"motif": "Erreur"}, annulee["version"]
    )
    reorientation = await faire(
        f"/v1/orientations/{sociale['id']}/reorientations",
        {
            "demandeur": "personne",
            "moment": "accompagnement",
            "motif": "demande_personne",
            "type_parcours_propose": "professionnel",
            "organisme_propose_id": organismes["france_travail"],
        },
        sociale["version"],
    )
    reexamen = await faire(
        f"/v1/orientations/{sociale['id']}/reexamens",
        {
            "issue": "reorientation_demandee",
            "france_travail_id": organismes["france_travail"],
            "difficultes_durables": False,
        },
        sociale["version"],
    )
    rapprochement = await faire(
        "/v1/rapprochements",
        {"personne_ids": [annulee["personne_id"], notifiee["personne_id"]]},
    )
    ouverts = await si.lire("parcours", "/v1/parcours", statut="ouvert", limite=1)
    contrats = f"/v1/parcours/{ouverts['elements'][0]['id']}/contrats-engagement"
    contrat = await si.ecrire("parcours", contrats, CONTRAT, cle=contrats)
    suivi = await suivre(si, ouverts["elements"][0])
    suivi |= await agir(si, ouverts["elements"][0])
    suivi |= await consulter(si, ouverts["elements"][0]["id"])
    suivi |= await employer(si, ouverts["elements"][0]["id"])
    suivi |= await prescrire(si)
    finances = await financer(si)
    suivi |= await convenir(si)
    recettes = await recevoir(si)
    etablis = await etablir(si)
    suspension = await signaler(si, ouverts["elements"][0], organismes["conseil_departemental"])
    jeu = await faire("/v1/jeux-de-regles", {"code": "essai", "libelle": "Essai"})
    simulation = await faire(
        f"/v1/jeux-de-regles/{jeu}/simulations",
        {"date_debut": notifiee["date_effet"], "date_fin": notifiee["date_effet"]},
        1,
    )
    (unite,) = [
        one
        async for one in si.tout(
            "orientation", f"{ORGANISMES}/{organismes['conseil_departemental']}/unites"
        )
    ]
    portefeuille = await faire(
        "/v1/portefeuilles",
        {
            "organisme_referent_id": organismes["conseil_departemental"],
            "unite_id": unite["id"],
            "reference": "agent-1",
            "role": "referent_rsa",
            "taille": 140,
        },
    )
    place = await si.lire("orientation", f"/v1/places/{sociale['place']['place_id']}")
    affectation = await faire(
        f"/v1/places/{place['id']}/affectations",
        {"portefeuille_id": portefeuille},
        place["version"],
    )
    return {
        **{nom: {nom: found} for nom, found in (suivi | recettes).items()},
        "declaration_clause_id": {
            nom: recettes[nom] for nom in ("clause_id", "declaration_clause_id")
        },
        **finances,
        "point_etape_id": {"point_etape_id": etablis["point_etape_id"]},
        "valeur_indicateur_id": {
            "indicateur_id": etablis["indicateur_convention_id"],
            "valeur_indicateur_id": etablis["valeur_indicateur_id"],
        },
        "unite_id": {"unite_id": unite["id"]},
        "affectation_id": {"place_id": place["id"], "affectation_id": affectation},
        "jeu_de_regles_id": {"jeu_de_regles_id": jeu},
        "simulation_id": {"jeu_de_regles_id": jeu, "simulation_id": simulation},
        "contrat_id": {"contrat_id": str(contrat["id"])},
        "suspension_id": {"suspension_id": suspension},
        "rapprochement_id": {"rapprochement_id": rapprochement},
        "accueil_id": {"accueil_id": accueil},
        "convocation_id": {"convocation_id": convocation},
        "dispense_id": {"personne_id": annulee["personne_id"], "dispense_id": dispense},
        "contact_id": {"contact_id": contact},
        "declaration_dsp_id": {
            "personne_id": annulee["personne_id"],
            "declaration_dsp_id": declaration,
        },
        "notification_id": {"orientation_id": notifiee["id"], "notification_id": notification},
        "annulation_id": {"orientation_id": annulee["id"], "annulation_id": annulation},
        "reorientation_id": {"reorientation_id": reorientation},
        "reexamen_id": {"orientation_id": sociale["id"], "reexamen_id": reexamen},
        "place_id": {"place_id": notifiee["place"]["place_id"]},
    }


async def valeurs(si: Partenaire, service: str, parametres: list[str]) -> dict[str, str]:
    """An id of ours for each parameter; a decision is read under its own orientation."""
    collections = {
        # Persons are not listed: an orientation names one.
        "personne_id": "orientations",
        "organisme_referent_id": "organismes-referents",
        "parcours_id": "parcours",
        "volume_lu_id": "volumes-lus",
    }
    found: dict[str, str] = {}
    for parametre in reversed(parametres):
        if parametre in found:
            continue
        collection = collections.get(parametre, parametre.removesuffix("_id") + "s")
        element = (await si.lire(service, f"/v1/{collection}", limite=1))["elements"][0]
        found |= {name: element[name] for name in parametres if name in element}
        found.setdefault(parametre, element["id"])
    return found


async def refus(si: Partenaire, service: str, chemin: str) -> dict[str, Any]:
    """What a refused reading says, but for its own address and trace."""
    with pytest.raises(Refusee) as refused:
        await si.lire(service, chemin)
    ignored = ("instance", "correlation")
    return {k: v for k, v in refused.value.probleme.items() if k not in ignored}


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        pytest.param(["serve", "rien"], "n'est pas un service", id="service inconnu"),
        pytest.param(["serve", "parcours"], "Il manque à parcours", id="réglages absents"),
        pytest.param(["jeton", "personne", "parcours"], "Aucun client", id="client inconnu"),
    ],
)
def test_a_mistake_gets_a_sentence_and_the_way_out(
    arguments: list[str], phrase: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [RACINE / "jalons", *arguments, "--dossier", tmp_path],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )
    assert done.returncode == 1
    assert phrase in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr
