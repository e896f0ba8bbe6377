"""What a release's migrations do to the rows that an older one wrote."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from psycopg.types.json import Jsonb

from deploy.local.services import alembic
from services.financement.journal.queries import verifier_journal
from tests.api.plans import CODE, Seul, creer, seul
from tests.conftest import Emetteur, Reseau


def uuid(rang: int) -> str:
    """An id of these rows."""
    return f"019b789f-d7a0-7000-8000-{rang:012x}"


CONVENTION, ENVELOPPE, ACTION, RESERVATION, ENGAGEMENT, ABANDONNEE = map(uuid, range(1, 7))
BENEFICIAIRE = uuid(7)
# In the evening of 30 June in UTC, and on 1 July for the département.
INSTANT = "2024-06-30T22:30:00Z"
# As the release of revision 0002 chained them: what it wrote is still proved.
EMPREINTES = (
    bytes(32).hex(),
    "bb500240e52193e3f169cbb56c77e140eac22998634ca1fef5009320da5976ff",
    "681fe2db1331f93217cbe1e8f386510ca9c12e99ad8f4478155059400fe69b69",
    "1df921f6f4416fca16926cf4fed13d65694d14c75c1312a670db43d5b2e645a5",
    "c96d4b0f42dd0a47d493bd762be7f45f646c3f515ada63267e6429ac55a6972d",
)
# What is posted: the event, its day, what it names, and each line's account, quantity and side.
ECRITURES: tuple[tuple[str, str, tuple[str | None, str | None, str | None], str], ...] = (
    ("ouverture", "2024-01-01", (None, None, None), "eng disponible ouvert 100000"),
    ("ouverture_places", "2024-01-01", (ACTION, None, None), "pla disponible ouverte 5"),
    (
        "reservation",
        "2024-07-01",
        (ACTION, RESERVATION, None),
        "eng reserve disponible 40000 pla reservee disponible 1",
    ),
    (
        "engagement",
        "2024-07-01",
        (ACTION, RESERVATION, ENGAGEMENT),
        "eng engage reserve 40000 pla occupee reservee 1",
    ),
)
SOLDES: dict[tuple[str, str], dict[str, int]] = {
    (ENVELOPPE, "eng"): {
        **dict.fromkeys(("reserve", "liquide", "mandate", "paye", "reporte", "annule"), 0),
        "ouvert": 100_000,
        "disponible": 60_000,
        "engage": 40_000,
    },
    (ACTION, "pla"): {
        **dict.fromkeys(("reservee", "servie", "fermee"), 0),
        "ouverte": 5,
        "disponible": 4,
        "occupee": 1,
    },
}


def remplir(url: str) -> None:
    """Bring a database to revision 0002, and write what its release would have written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JALONS_FINANCEMENT_MIGRATION", url)
        command.upgrade(alembic("financement"), "0002")
    with psycopg.connect(url) as base:
        base.execute("SELECT set_config('app.collectivite', %s, false)", [CODE])
        ecrire(
            base,
            "collectivite",
            collectivite=CODE,
            libelle="Essai",
            ideparte="035",
            fuseau="Europe/Paris",
            delais=Jsonb([]),
        )
        for identifiant, statut in ((CONVENTION, "deliberee"), (ABANDONNEE, "abandonnee")):
            pleine = identifiant == CONVENTION
            ecrire(
                base,
                "convention",
                id=identifiant,
                cree_le=INSTANT,
                modifie_le=INSTANT,
                reference=f"essai-{statut}",
                type="convention_departementale_insertion_emploi",
                intitule="Convention d'essai",
                annee_debut=2024,
                statut=statut,
                axes=Jsonb([{"ordre": 1, "libelle": "Accès à l'emploi"}] if pleine else []),
                volets=Jsonb(
                    [
                        {"ordre": 1, "libelle": "Pilotage", "fongible": False},
                        {"ordre": 2, "libelle": "Offre", "fongible": True},
                    ]
                    if pleine
                    else []
                ),
                signataires=Jsonb(
                    [
                        {"organisme": "Préfet", "statut": None},
                        {"organisme": "CAF", "statut": "invite"},
                    ]
                    if pleine
                    else []
                ),
            )
        _depense(base)
        _journal(base)


def _depense(base: psycopg.Connection[Any]) -> None:
    ecrire(
        base,
        "enveloppe",
        id=ENVELOPPE,
        reference="essai",
        convention_id=CONVENTION,
        exercice=2024,
        financeur="etat",
        statut="ouverte",
    )
    ecrire(
        base,
        "action",
        id=ACTION,
        convention_id=CONVENTION,
        code="essai",
        libelle="Action d'essai",
        mode_capacite="stock",
        places_ouvertes=5,
        freins=Jsonb(["mobilite"]),
        illustratif=False,
    )
    ecrire(
        base,
        "part_financement",
        action_id=ACTION,
        enveloppe_id=ENVELOPPE,
        rang=0,
        numerateur=1,
        denominateur=1,
        attribue_centimes=40_000,
    )
    ecrire(
        base,
        "reservation",
        id=RESERVATION,
        action_id=ACTION,
        places=1,
        montant_centimes=40_000,
        beneficiaire_ref=BENEFICIAIRE,
        statut="confirmee",
        expire_le="2024-07-02T00:00:00Z",
        resolue_le=INSTANT,
    )
    for rang, (objet, livre, quantite) in enumerate(
        ((ENVELOPPE, "eng", 40_000), (ACTION, "pla", 1))
    ):
        ecrire(
            base,
            "reservation_ligne",
            reservation_id=RESERVATION,
            objet_id=objet,
            livre=livre,
            rang=rang,
            quantite=quantite,
        )
    ecrire(base, "compteur_engagement", exercice=2024, dernier=1)
    ecrire(
        base,
        "engagement",
        id=ENGAGEMENT,
        exercice=2024,
        numero=1,
        action_id=ACTION,
        reservation_id=RESERVATION,
        beneficiaire_ref=BENEFICIAIRE,
        date_engagement="2024-07-01",
        places=1,
        montant_centimes=40_000,
        statut="engage",
    )
    ecrire(
        base,
        "engagement_ligne",
        engagement_id=ENGAGEMENT,
        enveloppe_id=ENVELOPPE,
        rang=0,
        montant_centimes=40_000,
    )


def _journal(base: psycopg.Connection[Any]) -> None:
    for seq, (evenement, jour, (action, reservation, engagement), lignes) in enumerate(
        ECRITURES, 1
    ):
        ecriture = uuid(100 + seq)
        ecrire(
            base,
            "ecriture",
            id=ecriture,
            seq=seq,
            evenement=evenement,
            date_effet=jour,
            inscrite_le=INSTANT,
            client_id="si-essai",
            action_id=action,
            reservation_id=reservation,
            engagement_id=engagement,
            empreinte_precedente=bytes.fromhex(EMPREINTES[seq - 1]),
            empreinte=bytes.fromhex(EMPREINTES[seq]),
        )
        mots = iter(lignes.split())
        comptes = [
            (livre, poste, sens, quantite)
            for livre, debit, credit, quantite in zip(mots, mots, mots, mots, strict=True)
            for poste, sens in ((debit, "debit"), (credit, "credit"))
        ]
        for rang, (livre, poste, sens, quantite) in enumerate(comptes):
            ecrire(
                base,
                "ligne_ecriture",
                ecriture_id=ecriture,
                rang=rang,
                livre=livre,
                poste=poste,
                objet_id={"eng": ENVELOPPE, "pla": ACTION}[livre],
                sens=sens,
                quantite=int(quantite),
                actif={"eng": "centime", "pla": "place"}[livre],
            )
    for (objet, livre), postes in SOLDES.items():
        for poste, solde in postes.items():
            ecrire(base, "solde", objet_id=objet, livre=livre, poste=poste, solde=solde)
    ecrire(base, "chaine", seq=len(ECRITURES), empreinte=bytes.fromhex(EMPREINTES[-1]))


def ecrire(base: psycopg.Connection[Any], table: str, **valeurs: Any) -> None:
    """Insert a row of the collectivité."""
    row = {"collectivite": CODE, **valeurs}
    noms, places = ", ".join(row), ", ".join(["%s"] * len(row))
    base.execute(f"INSERT INTO {table} ({noms}) VALUES ({places})".encode(), list(row.values()))


async def lire(plein: Seul, chemin: str) -> dict[str, Any]:
    """GET what must be there."""
    answer = await plein.client.get(chemin)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_what_an_older_release_wrote_is_read_proved_and_goes_on(
    serveur: str, emetteur: Emetteur, reseau: Reseau, tmp_path: Path
) -> None:
    """From revision 0002 to the last: rows, journal and commands.

    Planted: in 0006 the day before, or everyone required to sign; in 0005 days in UTC; red each.
    """
    async with seul("financement", serveur, emetteur, reseau, tmp_path, remplir) as plein:

        async def anomalies() -> list[Any]:
            service = plein.service
            async with service.base.transaction(service.acces_interne(CODE)) as tx:
                return list(await verifier_journal(tx))

        assert await anomalies() == []
        convention = await lire(plein, f"/v1/conventions/{CONVENTION}")
        # It was known on the day of the département, and in no version before.
        assert (await lire(plein, f"/v1/conventions/{CONVENTION}?connu_au=2024-07-01"))[
            "numero_version"
        ] == 0
        inconnue = await plein.client.get(f"/v1/conventions/{CONVENTION}?connu_au=2024-06-30")
        assert inconnue.status_code == 404
        assert [axe["fongible"] for axe in convention["axes"]] == [True]
        assert [volet["fongible"] for volet in convention["volets"]] == [False, True]
        assert [(un["organisme"], un["requis"]) for un in convention["signataires"]] == [
            ("Préfet", True),
            ("CAF", False),
        ]
        for identifiant, statut in ((CONVENTION, "delibere"), (ABANDONNEE, "abandonne")):
            versions = await lire(plein, f"/v1/conventions/{identifiant}/versions")
            assert [(un["numero"], un["statut"]) for un in versions["elements"]] == [(0, statut)]

        enveloppe = await lire(plein, f"/v1/enveloppes/{ENVELOPPE}")
        assert enveloppe["disponible_centimes"] == 60_000
        for jour, engage in (("2024-06-30", 0), ("2024-07-01", 40_000)):
            vue = await lire(plein, f"/v1/enveloppes/{ENVELOPPE}?au={jour}")
            assert vue["engage_centimes"] == engage, jour
        # Inscribed on 1 July there, whatever the day was in UTC.
        avant = await lire(plein, f"/v1/enveloppes/{ENVELOPPE}?connu_au=2024-06-30")
        assert avant["ouvert_centimes"] == 0
        preuve = await lire(plein, f"/v1/enveloppes/{ENVELOPPE}/preuve")
        assert (preuve["ecritures"], preuve["derniere"]["seq"]) == (3, 4)
        ecritures = await lire(plein, f"/v1/ecritures?objet_id={ENVELOPPE}")
        assert [une["seq"] for une in ecritures["elements"]] == [1, 3, 4]
        action = await lire(plein, f"/v1/actions/{ACTION}")
        assert (action["statut"], action["places_occupees"]) == ("prevue", 1)
        engagement = await lire(plein, f"/v1/engagements/{ENGAGEMENT}")
        assert (engagement["statut"], engagement["montant_centimes"]) == ("engage", 40_000)

        # Commands of now, on rows of then.
        service_fait = {
            "montant_presente_centimes": 15_000,
            "montant_retenu_centimes": 15_000,
            "date_service_fait": "2024-07-02",
        }
        chemin = f"/v1/engagements/{ENGAGEMENT}"
        await creer(plein.client, f"{chemin}/liquidations", service_fait, version=1)
        await creer(plein.client, f"{chemin}/degagements", {"motif": "Un essai"}, version=2)
        signature = {"type": "signature", "date_acte": "2024-07-03", "organisme": "Préfet"}
        await creer(plein.client, f"/v1/conventions/{CONVENTION}/actes", signature, version=1)
        assert await anomalies() == []
        vue = await lire(plein, f"/v1/enveloppes/{ENVELOPPE}")
        assert vue["disponible_centimes"] == 85_000
