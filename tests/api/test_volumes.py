"""The volume guard: persons shown are counted, and too many are not shown (guide, 17.3)."""

import asyncio
import importlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from shared.socle.service import Service
from shared.socle.volumes import garde, queries, rules
from shared.socle.volumes.garde import Garde
from tests.api.orientation.conftest import PERSONNE, criteres
from tests.api.test_exports import demander, travailler, une_orientation
from tests.api.test_imports_lignes import appliquer, deposer, fichier, importer, personne
from tests.api.test_listes import des_parcours, orientations, personnes
from tests.conftest import URLS, Client, Connecter, Emetteur
from tests.documents import document

PLANCHER, ALERTE, BLOCAGE = 3, 9, 30


@pytest.fixture
def service(services: Mapping[str, Service], monkeypatch: pytest.MonkeyPatch) -> Service:
    """Orientation at noon in Paris, where three persons a day stand for a habit."""
    found = services["orientation"]
    midi = datetime.fromisoformat("2026-03-03T12:00:00+01:00")
    monkeypatch.setattr(found, "horloge", lambda: midi)
    etroits = {"volume_plancher": PLANCHER}
    monkeypatch.setattr(found, "reglages", found.reglages.model_copy(update=etroits))
    return found


@pytest.fixture
def client(connecter: Connecter, ouverte: str) -> Client:
    return connecter("orientation")


@pytest.fixture
def surveillant(connecter: Connecter, ouverte: str) -> Client:
    """Another client, who administers."""
    return connecter("orientation", client_id="surveillant")


async def enregistrer(service: Service, code: str, nombre: int) -> list[UUID]:
    async with service.base.transaction(service.acces_interne(code)) as tx:
        return await personnes(tx, nombre)


async def lire(client: Client, personne: UUID) -> httpx.Response:
    return await client.get(f"/v1/personnes/{personne}")


async def volumes(surveillant: Client, query: str = "") -> list[dict[str, Any]]:
    answer = await surveillant.get(f"/v1/volumes-lus{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["elements"]
    return found


async def nombre(surveillant: Client, lecteur: str) -> int:
    """How many persons a client was shown."""
    (found,) = [un["nombre"] for un in await volumes(surveillant) if un["client_id"] == lecteur]
    assert isinstance(found, int)
    return found


async def faits(client: Client) -> list[str]:
    found = (await client.get("/v1/changements?limite=200")).json()["elements"]
    return [un["type"] for un in found if ".volume." in un["type"]]


async def test_what_no_caseload_explains_is_told_then_stopped_until_another_lifts_it(
    client: Client, surveillant: Client, service: Service, ouverte: str
) -> None:
    """Planted: what is refused stays counted as shown, red; the blocked one lifts it, red."""
    tous = await enregistrer(service, ouverte, BLOCAGE + 2)

    for un in tous[:ALERTE]:
        assert (await lire(client, un)).status_code == 200
    assert await faits(surveillant) == []
    for un in tous[ALERTE:BLOCAGE]:
        assert (await lire(client, un)).status_code == 200
    assert await faits(surveillant) == ["orientation.volume.alerte"]
    refused = [await lire(client, tous[BLOCAGE]) for _ in range(2)]
    for answer in refused:
        assert answer.status_code == 429
        assert answer.json()["code"] == "quota-depasse"
        assert answer.json()["politiques"] == ["volume"]
        assert answer.headers["Retry-After"] == "43200"
        assert str(tous[BLOCAGE]) not in answer.json().get("detail", "")
    assert await faits(surveillant) == ["orientation.volume.alerte", "orientation.volume.bloque"]
    # Work goes on with those who were read today.
    assert (await lire(client, tous[0])).status_code == 200

    (volume,) = await volumes(surveillant, "?etat=bloque")
    assert (volume["client_id"], volume["jour"]) == ("si-essai", "2026-03-03")
    assert (volume["nombre"], volume["reference"]) == (BLOCAGE, PLANCHER)
    assert (volume["seuil_alerte"], volume["seuil_blocage"]) == (ALERTE, BLOCAGE)
    url = f"/v1/volumes-lus/{volume['id']}"
    own = await client.post(f"{url}/levees", version=volume["version"], json={})
    assert (own.status_code, own.json()["code"]) == (403, "portee-insuffisante")
    lifted = await surveillant.post(f"{url}/levees", version=volume["version"], json={})
    assert lifted.status_code == 201, lifted.text
    assert (lifted.json()["etat"], lifted.json()["leve_par"]) == ("leve", "surveillant")
    assert (await surveillant.get(url)).json() == lifted.json()
    assert [(await lire(client, un)).status_code for un in tous[BLOCAGE:]] == [200, 200]
    again = await surveillant.post(f"{url}/levees", version=lifted.json()["version"], json={})
    assert again.json()["code"] == "transition-interdite"


async def test_many_at_once_and_no_more_pass_than_the_day_admits(
    client: Client, surveillant: Client, service: Service, ouverte: str, emetteur: Emetteur
) -> None:
    """Over two replicas, each with what it knows of its own.

    Planted: persons counted as the statement saw them when it began, red.
    """
    tous = await enregistrer(service, ouverte, BLOCAGE + 10)
    autre = importlib.import_module("services.orientation.app").app(service.reglages)
    autre.state.service = service
    jeton = emetteur.jeton("orientation", ouverte, "orientation:lire", "si-essai")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(autre), base_url=URLS["orientation"]
    ) as http:
        replicas = [client, Client(http, jeton)]
        answers = await asyncio.gather(
            *(lire(replicas[rang % 2], un) for rang, un in enumerate(tous))
        )
        shown = [un for un, answer in zip(tous, answers, strict=True) if answer.status_code == 200]
        # Known of the database, not of this process.
        again = [(await lire(replica, shown[0])).status_code for replica in replicas]

    assert len(shown) == BLOCAGE
    assert again == [200, 200]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert (await volumes(surveillant))[0]["nombre"] == BLOCAGE
    assert (await faits(surveillant)).count("orientation.volume.bloque") == 1


async def test_a_first_read_may_be_too_much_by_itself(
    client: Client, surveillant: Client, service: Service, ouverte: str
) -> None:
    """It is told and can be lifted, though what was undone had opened the day."""
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await orientations(tx, BLOCAGE + 1)
    url = f"/v1/orientations?limite={BLOCAGE + 1}"

    assert (await client.get(url)).status_code == 429
    (volume,) = await volumes(surveillant)
    assert (volume["etat"], volume["nombre"]) == ("bloque", 0)
    levees = f"/v1/volumes-lus/{volume['id']}/levees"
    assert (await surveillant.post(levees, {}, version=volume["version"])).status_code == 201
    assert (await client.get(url)).status_code == 200


async def test_a_list_shows_as_many_as_its_elements_name_once_each(
    client: Client, surveillant: Client, service: Service, ouverte: str
) -> None:
    """Planted: pages left out of the count, red; elements read as `champs` cuts them, red."""
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await orientations(tx, 7)

    for _ in range(2):
        page = (await client.get("/v1/orientations?limite=5")).json()
        await lire(client, UUID(page["elements"][0]["personne_id"]))

    (volume,) = await volumes(surveillant)
    assert volume["nombre"] == 5
    partial = await client.get("/v1/orientations?limite=7&champs=statut")
    assert partial.json()["elements"] == [{"statut": "brouillon"}] * 7
    assert (await volumes(surveillant))[0]["nombre"] == 7


async def test_only_what_a_partner_is_shown_is_counted(
    client: Client, surveillant: Client, connecter: Connecter, service: Service, ouverte: str
) -> None:
    (une,) = await enregistrer(service, ouverte, 1)

    await lire(connecter("orientation", client_id="service-parcours"), une)
    assert (await lire(client, uuid4())).status_code == 404
    await client.post(
        "/v1/personnes", {"nom": "Essai", "prenoms": "Camille", "date_naissance": "1990-04-12"}
    )

    assert await volumes(surveillant) == []


async def test_ten_active_days_make_a_habit_and_who_was_read_is_forgotten(
    client: Client,
    surveillant: Client,
    service: Service,
    ouverte: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each day counts anew. Planted: persons kept after their day, red."""
    tous = await enregistrer(service, ouverte, 5)
    debut = service.horloge()
    for rang in range(10):
        monkeypatch.setattr(service, "horloge", lambda rang=rang: debut + timedelta(days=rang))
        for un in tous:
            await lire(client, un)
    monkeypatch.setattr(service, "horloge", lambda: debut + timedelta(days=10))
    await lire(client, tous[0])

    jours = await volumes(surveillant)
    assert [un["nombre"] for un in jours] == [1, *[5] * 10]
    assert [un["reference"] for un in jours] == [5, *[PLANCHER] * 10]
    await garde.purger(service, ouverte)
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        left = (await tx.execute(text("SELECT count(*) FROM personne_lue"))).scalar_one()
    assert left == 1
    assert len(await volumes(surveillant)) == 11
    monkeypatch.setattr(service, "horloge", lambda: debut + timedelta(days=370))
    await garde.purger(service, ouverte)
    assert len(await volumes(surveillant)) == 6


async def test_the_persons_of_several_parcours_count_once(
    connecter: Connecter, ouverte: str, services: Mapping[str, Service]
) -> None:
    """A parcours is known by its person. Planted: parcours counted as persons, red."""
    service, personne = services["parcours"], uuid4()
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        rows = await tx.execute(
            text(
                "INSERT INTO parcours (collectivite, id, personne_id, statut, date_ouverture,"
                " orientation_id, type_parcours, organisme_referent_id, date_cloture,"
                " motif_cloture)"
                " SELECT :collectivite, gen_random_uuid(), :personne, statut,"
                " DATE '2026-03-03', gen_random_uuid(), 'social', gen_random_uuid(), cloture, motif"
                " FROM (VALUES ('ouvert', NULL, NULL), ('clos', DATE '2026-03-03', 'deces'))"
                " AS s (statut, cloture, motif) RETURNING id"
            ),
            {"personne": personne},
        )
        un, autre = rows.scalars()
    client = connecter("parcours")

    for chemin in (f"/v1/parcours/{un}", f"/v1/parcours/{autre}", "/v1/parcours"):
        answer = await client.get(chemin)
        assert answer.status_code == 200, answer.text

    (volume,) = await volumes(connecter("parcours", client_id="surveillant"))
    assert volume["nombre"] == 1


async def test_what_names_an_orientation_shows_its_person(
    client: Client, surveillant: Client, ouverte: str
) -> None:
    """Planted: `orientation_id` unknown to the guard, red; orientations counted as persons, red."""
    une, autre = [await une_orientation(surveillant) for _ in range(2)]
    for un in (une, autre):
        url = f"/v1/orientations/{un}"
        version = (await surveillant.get(url)).json()["version"]
        answer = await surveillant.post(f"{url}/criteres", criteres(), version=version)
        assert answer.status_code == 201, answer.text

    assert len((await client.get("/v1/propositions")).json()["elements"]) >= 2
    assert await nombre(surveillant, "si-essai") == 2
    # Known by other names: the same persons.
    proposees = (await client.get("/v1/propositions?champs=id")).json()["elements"]
    for chemin in (
        f"/v1/orientations/{une}",
        f"/v1/orientations/{autre}/criteres",
        *(f"/v1/propositions/{proposee['id']}/rejeu" for proposee in proposees),
    ):
        assert (await client.get(chemin)).status_code == 200, chemin
    assert await nombre(surveillant, "si-essai") == 2


async def test_who_may_come_to_rsa_is_a_person_shown(
    client: Client, surveillant: Client, service: Service
) -> None:
    """Planted: the route left to the names of its answer, red."""
    risque = {"date_risque_rsa": "2026-03-01", "source_risque_rsa": "mission_locale"}
    for jour in ("1990-04-12", "1991-04-12"):
        personne = {**PERSONNE, "beneficiaire_rsa": False, "date_naissance": jour, **risque}
        made = await surveillant.post("/v1/personnes", personne)
        assert made.status_code == 201, made.text

    assert (await client.get("/v1/personnes-a-risque?limite=1")).status_code == 200
    assert await nombre(surveillant, "si-essai") == 1
    assert (await client.get("/v1/personnes-a-risque?champs=code_commune")).status_code == 200
    assert await nombre(surveillant, "si-essai") == 2


async def test_what_is_tried_or_left_as_it_was_is_shown(
    client: Client, surveillant: Client, service: Service, ouverte: str
) -> None:
    """Planted: only what reads by its method or its quota counted, red."""
    une, autre, derniere = await enregistrer(service, ouverte, 3)
    entetes = {"Content-Type": "application/merge-patch+json", "If-Match": '"1"'}
    vus = [
        await client.request(
            "PATCH", f"/v1/personnes/{personne}", content=demande, headers=entetes, params=essai
        )
        for personne, demande, essai in (
            (une, '{"nom": "Autre"}', {"essai": "true"}),
            (autre, "{}", {}),
            (derniere, '{"nom": "Autre"}', {}),
        )
    ]

    assert [answer.status_code for answer in vus] == [200, 200, 200]
    assert await nombre(surveillant, "si-essai") == 3
    noms = [(await lire(surveillant, un)).json()["nom"] for un in (une, autre, derniere)]
    assert noms == ["Essai-Liste", "Essai-Liste", "Autre"]


async def test_an_act_is_judged_before_it_is_written(
    client: Client, surveillant: Client, service: Service, ouverte: str
) -> None:
    """Refused, it is undone whole, its key too: sent again once the block is lifted, it is done.

    Planted: its answer judged after its commit, red.
    """
    personne = {**PERSONNE, "source": "france_travail", "numero_france_travail": "35000000001"}
    url = "/v1/personnes/enregistrements"
    made = await surveillant.post(url, personne)
    assert made.status_code == 201, made.text
    connue = made.json()["personne_id"]
    for un in await enregistrer(service, ouverte, BLOCAGE):
        assert (await lire(client, un)).status_code == 200

    # Whom a client makes, it is not shown.
    nouvelle = {**personne, "nom": "Nouvelle", "numero_france_travail": "35000000002"}
    assert (await client.post(url, nouvelle)).status_code == 201
    demande, cle = {**personne, "code_commune": "35238"}, str(uuid4())
    refused = await client.post(url, demande, cle=cle)
    assert (refused.status_code, refused.json()["code"]) == (429, "quota-depasse")
    assert (await lire(surveillant, connue)).json()["code_commune"] == "35236"

    (volume,) = await volumes(surveillant, "?etat=bloque")
    assert volume["nombre"] == BLOCAGE
    levees = f"/v1/volumes-lus/{volume['id']}/levees"
    await surveillant.post(levees, {}, version=volume["version"])
    done = await client.post(url, demande, cle=cle)
    assert (done.status_code, done.headers.get("Idempotency-Replayed")) == (200, None)
    assert (await lire(surveillant, connue)).json()["code_commune"] == "35238"
    assert await nombre(surveillant, "si-essai") == BLOCAGE + 1


async def test_a_caller_waits_for_the_guard_no_longer_than_they_said(
    client: Client, service: Service, ouverte: str
) -> None:
    """Planted: the count left unbounded, red."""
    une, autre = await enregistrer(service, ouverte, 2)
    await lire(client, une)

    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await tx.execute(text("SELECT 1 FROM volume_lu FOR UPDATE"))
        answer = await client.get(f"/v1/personnes/{autre}", headers={"Delai-Max": "300"})

    assert (answer.status_code, answer.json()["code"]) == (504, "delai-depasse")
    assert (await lire(client, autre)).status_code == 200


@pytest.mark.parametrize("suite", ["", "&essai=true"])
async def test_the_results_of_a_file_of_persons_show_who_was_known(
    client: Client,
    surveillant: Client,
    connecter: Connecter,
    service: Service,
    ouverte: str,
    suite: str,
) -> None:
    """Not those whom the depositor brought, nor those whom the file makes: too many, no line.

    Planted: the results left uncounted, red; one's own counted, red.
    """
    stock = [personne(rang) for rang in range(BLOCAGE + 5)]
    for lignes_ in (stock, stock):  # made, then known as one's own
        _, lus = await importer(client, service, ouverte, "personnes", lignes_)
        assert len(lus) == len(stock)
    assert await volumes(surveillant) == []
    autre = connecter("orientation", client_id="si-autre")
    _, lus = await importer(autre, service, ouverte, "personnes", stock[:5], suite)
    assert {un["statut"] for un in lus} <= {"identique", "modifiee"}
    assert await nombre(surveillant, "si-autre") == 5
    deposee = await deposer(autre, "personnes", fichier(stock), suite=suite)
    chemin = f"/v1/imports/{deposee.json()['id']}"
    await appliquer(service, ouverte, deposee.json()["id"])
    refused = await autre.get(f"{chemin}/resultats")
    assert (refused.status_code, refused.json()["politiques"]) == (429, ["volume"])
    assert (await autre.get(chemin)).json()["statut"] == "terminee"


async def test_a_file_of_an_export_shows_whom_its_lines_name(
    client: Client, surveillant: Client, service: Service, ouverte: str
) -> None:
    """Too many, and no line leaves. Planted: what is streamed left uncounted, red."""
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await orientations(tx, BLOCAGE + 1)
    export = await demander(client, "orientations")
    await travailler(service, ouverte, export)
    (fichier,) = (await client.get(f"/v1/exports/{export['id']}")).json()["fichiers"]

    refused = await client.get(fichier["url"])
    assert (refused.status_code, refused.json()["politiques"]) == (429, ["volume"])
    (volume,) = await volumes(surveillant)
    levees = f"/v1/volumes-lus/{volume['id']}/levees"
    await surveillant.post(levees, {}, version=volume["version"])
    for _ in range(2):
        served = await client.get(fichier["url"])
        assert served.status_code == 200
        assert len(served.text.splitlines()) == BLOCAGE + 1
    assert await nombre(surveillant, "si-essai") == BLOCAGE + 1


async def test_what_is_read_under_a_resource_of_a_parcours_shows_its_person(
    connecter: Connecter, ouverte: str, services: Mapping[str, Service]
) -> None:
    """Planted: paths that name no parcours left out, red."""
    service = services["parcours"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        lus = await des_parcours(tx, 2)
    auteur, client = connecter("parcours", client_id="surveillant"), connecter("parcours")
    demande = {
        "code": "mobilite",
        "niveau": "fort",
        "date_observation": "2026-03-09",
        "source": "referent",
    }
    freins = [await auteur.post(f"/v1/parcours/{un}/freins", demande) for un in lus]
    assert [answer.status_code for answer in freins] == [201, 201], freins[0].text

    for _ in range(2):
        for frein in freins:
            answer = await client.get(f"/v1/freins/{frein.json()['id']}/niveaux")
            assert answer.status_code == 200, answer.text

    assert await nombre(auteur, "si-essai") == 2


@pytest.mark.parametrize("nom", ["orientation", "parcours"])
async def test_every_id_that_the_guard_knows_leads_to_a_person(
    services: Mapping[str, Service], ouverte: str, nom: str
) -> None:
    """Here to nobody: each statement is one that the database takes."""
    service, bornes = services[nom], rules.Seuils(500, alerte=1_500, blocage=5_000)
    jour = datetime.fromisoformat("2026-03-03").date()
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        for membre, lues in garde_de(nom).personnes_par.items():
            if membre != "personne_id":
                compter = queries.compter_lues([lues])
                ids = {membre: [uuid4()]}
                row = await queries.count_lues(tx, compter, "si-essai", jour, bornes, ids)
                assert row.ajout == 0, membre


def test_no_route_shows_a_person_whom_the_guard_does_not_see() -> None:
    """Its answer or its path names her by an id that the guard knows, or it says here why not.

    Planted: a name, a path or a line below taken away, red each.
    """
    muettes = set()
    for nom in ("orientation", "parcours"):
        garde, decrit = garde_de(nom), document(nom)
        for chemin, operations in decrit["paths"].items():
            for operation in operations.values():
                # What is only made (201) or asked for (202) is its caller's own.
                if "200" not in operation["responses"]:
                    continue
                contenu = operation["responses"]["200"].get("content", {})
                dits = {un.removesuffix("s") for un in _membres(decrit, contenu, set())}
                du_chemin = set(re.findall(r"{(\w+)}", chemin))
                if not (dits & garde.noms or du_chemin & garde.personnes_par.keys()):
                    muettes.add(operation["operationId"])

    dites = {une for ops in MUETTES.values() for une in ops.split()}
    assert muettes == dites, (muettes - dites, dites - muettes)


MUETTES = {
    "la route dit qui": "lister_personnes_a_risque",
    "un fichier dit de qui sont ses lignes": "obtenir_fichier_export",
    "des identifiants, que rien ne montre sans leur ressource": "suivre_changements"
    " lister_livraisons_webhook",
    "le sort de ce que leur client a envoyé, jamais une valeur": "lister_imports obtenir_import"
    " suivre_resultats_import",
    "des travaux, des clients et leurs récepteurs": "lister_exports obtenir_export lister_webhooks"
    " obtenir_webhook modifier_webhook lister_synchronisations_data_inclusion"
    " obtenir_synchronisation_data_inclusion lister_volumes_lus obtenir_volume_lu",
    "des organismes, leurs agents et leurs séances": "lister_organismes_referents"
    " obtenir_organisme_referent modifier_organisme_referent lister_unites obtenir_unite"
    " modifier_unite lister_portefeuilles obtenir_portefeuille modifier_portefeuille"
    " lister_accueils obtenir_accueil modifier_accueil",
    "des actions et des entreprises": "lister_offres obtenir_offre modifier_offre importer_offre"
    " lister_seances_offre obtenir_seance lister_employeurs obtenir_employeur"
    " lister_accompagnements_employeur lister_offres_emploi obtenir_offre_emploi lister_marches"
    " obtenir_marche",
    "des nombres": "obtenir_simulation obtenir_statistiques obtenir_equite lister_indicateurs"
    " obtenir_indicateur obtenir_indicateurs_accompagnement obtenir_indicateurs_levee"
    " obtenir_bilan_recrutement obtenir_bilan_immersions obtenir_bilan_rdv_insertion",
    "des règles, des codes et des réglages": "obtenir_jeu_de_regles_national lister_jeux_de_regles"
    " obtenir_jeu_de_regles modifier_jeu_de_regles lister_reglages_france_travail"
    " obtenir_reglage_france_travail lister_reglages_invitations obtenir_reglage_invitations"
    " obtenir_collectivite modifier_collectivite lister_referentiels obtenir_referentiel"
    " lister_versions_referentiel obtenir_limites lister_reperes_heures obtenir_repere_heures"
    " lister_reglements_aide obtenir_reglement_aide lister_horloges_de_test"
    " obtenir_horloge_de_test lister_pannes_de_test obtenir_panne_de_test",
}


def garde_de(nom: str) -> Garde:
    """The guard of a service."""
    found = importlib.import_module(f"services.{nom}.app").app(None).state.garde
    assert isinstance(found, Garde)
    return found


def _membres(decrit: Mapping[str, Any], schema: Any, vus: set[str]) -> set[str]:
    """The names of all that a schema may hold."""
    found: set[str] = set()
    if isinstance(schema, list):
        return found.union(*(_membres(decrit, un, vus) for un in schema))
    if not isinstance(schema, dict):
        return found
    for cle, valeur in schema.items():
        if cle == "$ref" and valeur not in vus:
            vus.add(valeur)
            nom = valeur.rsplit("/", 1)[1]
            found |= _membres(decrit, decrit["components"]["schemas"][nom], vus)
        elif cle == "properties":
            found |= valeur.keys() | _membres(decrit, list(valeur.values()), vus)
        elif not cle.startswith("example"):
            found |= _membres(decrit, valeur, vus)
    return found


@pytest.mark.parametrize("nom", ["orientation", "parcours"])
async def test_the_tables_of_the_guard_are_walled(
    services: Mapping[str, Service], nom: str
) -> None:
    async with services[nom].base.engine.connect() as connexion:
        walled = await connexion.execute(
            text(
                "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"
                " AND relname IN ('personne_lue', 'volume_lu')"
            )
        )
    assert len(walled.all()) == 2
