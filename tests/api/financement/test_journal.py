"""The journal: the database keeps it, whoever writes; and what was tampered with is found."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import date
from itertools import pairwise
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors
from psycopg.sql import SQL, Identifier

from deploy.local.bases import Adresses
from services.financement.journal.queries import (
    Anomalie,
    PasseNegatif,
    inscrire,
    lock_disponibles,
    verifier_journal,
)
from services.financement.journal.rules import Ecriture, transfert
from shared.schemas.financement.journal import EvenementJournal, Livre, Poste
from shared.socle.service import Service
from tests.api.financement.conftest import Horloge, Terrain
from tests.conftest import Connecter

_CHANGEMENTS = [
    "UPDATE ecriture SET source = 'autre'",
    "UPDATE ligne_ecriture SET quantite = quantite + 1",
    "DELETE FROM ecriture",
    "DELETE FROM ligne_ecriture",
    "UPDATE engagement_ligne SET montant_centimes = 1",
]
_RETRAITS = ["TRUNCATE ecriture CASCADE", "TRUNCATE ligne_ecriture"]
_ENTREE = SQL(
    "INSERT INTO ecriture (collectivite, id, seq, evenement, date_effet, inscrite_le, client_id,"
    " empreinte_precedente, empreinte)"
    " SELECT collectivite, %(id)s, seq + %(saut)s, 'ouverture', current_date, now(), 'x',"
    " CASE WHEN %(juste)s THEN empreinte ELSE 'x' END, 'x' FROM chaine"
)
_LIGNE = SQL(
    "INSERT INTO ligne_ecriture"
    " (collectivite, ecriture_id, rang, seq, livre, poste, objet_id, sens, quantite, actif)"
    " SELECT collectivite, %(id)s, %(rang)s, seq + 1, 'eng', 'disponible', gen_random_uuid(),"
    " %(sens)s, %(quantite)s, %(actif)s FROM chaine"
)


@contextmanager
def _connecter(url: str, collectivite: str | None) -> Iterator[psycopg.Connection]:
    """Any program's connection, committed at the end, closed whatever happens."""
    with closing(psycopg.connect(url)) as connexion:
        if collectivite is not None:
            connexion.execute("SELECT set_config('app.collectivite', %s, false)", [collectivite])
            connexion.commit()
        yield connexion
        connexion.commit()


def _inscrire(
    url: str,
    collectivite: str,
    lignes: list[tuple[str, int, str]],
    *,
    saut: int = 1,
    juste: bool = True,
) -> None:
    """Post as a program that is not ours would, and commit."""
    entree = uuid4()
    with _connecter(url, collectivite) as connexion:
        connexion.execute(_ENTREE, {"id": entree, "saut": saut, "juste": juste})
        for rang, (sens, quantite, actif) in enumerate(lignes):
            values = {"rang": rang, "sens": sens, "quantite": quantite, "actif": actif}
            connexion.execute(_LIGNE, {"id": entree, **values})


async def _une_vie(terrain: Terrain) -> str:
    """An envelope opened, reserved on, engaged and given back; returns the action."""
    enveloppe_id = await terrain.enveloppe(1_000_00)
    action_id = await terrain.action((enveloppe_id, 1, 1), mode_capacite="flux", places_ouvertes=9)
    for suite, corps in (("confirmations", {}), ("annulations", {"motif": "essai"})):
        reserved = (await terrain.reserver(action_id, 1, 10_00)).json()
        await terrain.creer(f"/v1/reservations/{reserved['id']}/{suite}", corps)
    return action_id


async def _verifier(service: Service, collectivite: str) -> list[Anomalie]:
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        return await verifier_journal(tx)


async def test_the_journal_is_read_in_order_page_by_page(terrain: Terrain) -> None:
    await _une_vie(terrain)

    seqs, chemin = [], "/v1/ecritures?limite=2"
    while chemin:
        page = (await terrain.client.get(chemin)).json()
        seqs += [entry["seq"] for entry in page["elements"]]
        chemin = page["pagination"]["suivant"]

    assert seqs == [1, 2, 3, 4, 5, 6]
    entries = (await terrain.lire("/v1/ecritures"))["elements"]
    assert [entry["evenement"] for entry in entries] == [
        "ouverture",
        "ouverture_places",
        "reservation",
        "engagement",
        "reservation",
        "annulation",
    ]
    assert entries[0]["empreinte_precedente"] == "0" * 64
    for before, after in pairwise(entries):
        assert after["empreinte_precedente"] == before["empreinte"]
    assert await terrain.lire(f"/v1/ecritures/{entries[3]['id']}") == entries[3]


async def test_a_journal_is_proved(
    terrain: Terrain, services: Mapping[str, Service], ouverte: str
) -> None:
    await _une_vie(terrain)

    assert await _verifier(services["financement"], ouverte) == []


async def test_a_journal_never_written_is_proved(
    services: Mapping[str, Service], ouverte: str
) -> None:
    assert await _verifier(services["financement"], ouverte) == []


@pytest.mark.parametrize("role", ["proprietaire", "service"])
@pytest.mark.parametrize("ordre", [*_CHANGEMENTS, *_RETRAITS])
async def test_nobody_changes_the_journal(
    terrain: Terrain, bases: Mapping[str, Adresses], ouverte: str, role: str, ordre: str
) -> None:
    """I-03: not even the owner of the tables. Seen red without `inserer_seulement`."""
    await _une_vie(terrain)
    refus = (
        errors.InsufficientPrivilege
        if role == "service" and ordre in _RETRAITS
        else errors.RestrictViolation
    )

    with (
        _connecter(getattr(bases["financement"], role), ouverte) as connexion,
        pytest.raises(refus),
    ):
        connexion.execute(ordre.encode())


@pytest.mark.parametrize(
    "lignes",
    [
        pytest.param([], id="sans ligne"),
        pytest.param([("debit", 5, "centime")], id="une seule"),
        pytest.param([("debit", 5, "centime"), ("credit", 4, "centime")], id="un centime d'écart"),
        pytest.param([("debit", 5, "centime"), ("credit", 5, "place")], id="centimes et places"),
        pytest.param([("debit", 0, "centime"), ("credit", 0, "centime")], id="quantité nulle"),
        pytest.param([("debit", -5, "centime"), ("credit", -5, "centime")], id="négative"),
    ],
)
async def test_the_database_refuses_what_does_not_balance(
    terrain: Terrain,
    bases: Mapping[str, Adresses],
    ouverte: str,
    lignes: list[tuple[str, int, str]],
) -> None:
    """I-01, for any program that writes. Seen red without the deferred trigger."""
    await _une_vie(terrain)

    with pytest.raises(errors.CheckViolation):
        _inscrire(bases["financement"].service, ouverte, lignes)


@pytest.mark.parametrize(
    ("saut", "juste"),
    [pytest.param(2, True, id="un rang sauté"), pytest.param(1, False, id="autre empreinte")],
)
async def test_the_database_refuses_what_is_not_chained(
    terrain: Terrain, bases: Mapping[str, Adresses], ouverte: str, saut: int, juste: bool
) -> None:
    """I-04, for any program that writes."""
    await _une_vie(terrain)
    lignes = [("debit", 5, "centime"), ("credit", 5, "centime")]

    with pytest.raises(errors.CheckViolation):
        _inscrire(bases["financement"].service, ouverte, lignes, saut=saut, juste=juste)


async def test_the_database_takes_what_balances_and_is_chained(
    terrain: Terrain, bases: Mapping[str, Adresses], ouverte: str
) -> None:
    """So that the refusals beside are those of what they say."""
    await _une_vie(terrain)
    lignes = [("debit", 5, "centime"), ("credit", 5, "centime")]

    _inscrire(bases["financement"].service, ouverte, lignes)

    assert len((await terrain.lire("/v1/ecritures"))["elements"]) == 7


async def test_the_database_refuses_a_line_added_to_an_old_entry(
    terrain: Terrain, bases: Mapping[str, Adresses], ouverte: str
) -> None:
    await _une_vie(terrain)
    entree = (await terrain.lire("/v1/ecritures"))["elements"][0]["id"]
    values = {"rang": 9, "sens": "debit", "quantite": 5, "actif": "centime"}
    with _connecter(bases["financement"].service, ouverte) as connexion:
        connexion.execute(_LIGNE, {"id": entree, **values})

        with pytest.raises(errors.CheckViolation):
            connexion.commit()


async def test_no_balance_goes_below_zero(
    terrain: Terrain, bases: Mapping[str, Adresses], ouverte: str
) -> None:
    await _une_vie(terrain)

    with (
        _connecter(bases["financement"].service, ouverte) as connexion,
        pytest.raises(errors.CheckViolation),
    ):
        connexion.execute("UPDATE solde SET solde = -1")


@pytest.mark.parametrize(
    ("table", "falsification", "attendues"),
    [
        pytest.param(
            "ligne_ecriture",
            # Both sides of one entry: it still balances, and the chain still tells.
            "UPDATE ligne_ecriture SET quantite = quantite + 1 WHERE livre = 'eng'"
            " AND ecriture_id = (SELECT id FROM ecriture WHERE seq = 3)",
            {3, None},
            id="une quantité",
        ),
        pytest.param(
            "ecriture", "UPDATE ecriture SET date_effet = '2020-01-01' WHERE seq = 4", {4, None},
            id="une date d'effet",
        ),
        pytest.param(
            "ecriture", "UPDATE ecriture SET empreinte = sha256('x') WHERE seq = 2", {2, 3},
            id="une empreinte",
        ),
        pytest.param(
            "ligne_ecriture",
            "DELETE FROM ligne_ecriture WHERE rang = 0"
            " AND ecriture_id = (SELECT id FROM ecriture WHERE seq = 1)",
            {1, None},
            id="une ligne retirée",
        ),
        pytest.param(
            "solde", "UPDATE solde SET solde = solde + 1 WHERE poste = 'disponible'", {None},
            id="un solde",
        ),
        pytest.param(
            "mouvement_jour",
            "UPDATE mouvement_jour SET variation = variation + 1 WHERE poste = 'disponible'",
            {None},
            id="un jour",
        ),
        pytest.param(
            "part_financement", "UPDATE part_financement SET attribue_centimes = 0", {None},
            id="une part",
        ),
        pytest.param("chaine", "UPDATE chaine SET seq = seq + 1", {None}, id="la tête"),
    ],
)  # fmt: skip
async def test_what_is_tampered_with_is_found(
    terrain: Terrain,
    services: Mapping[str, Service],
    bases: Mapping[str, Adresses],
    ouverte: str,
    table: str,
    falsification: str,
    attendues: set[int | None],
) -> None:
    """I-04 and I-07: the owner can lift the triggers; the proof names the entry.

    Seen red with a digest that leaves the lines out.
    """
    await _une_vie(terrain)
    with _connecter(bases["financement"].proprietaire, ouverte) as connexion:
        for verbe in ("DISABLE", "ENABLE"):
            connexion.execute(
                SQL("ALTER TABLE {} {} TRIGGER USER").format(Identifier(table), SQL(verbe))
            )
            if verbe == "DISABLE":
                assert connexion.execute(falsification.encode()).rowcount > 0

    found = await _verifier(services["financement"], ouverte)

    assert {anomalie.seq for anomalie in found} == attendues


async def _avenant(
    services: Mapping[str, Service], collectivite: str, enveloppe_id: str, effet: date, ajout: int
) -> None:
    """Post a change of an envelope's amount, at a day of effect."""
    service, objet = services["financement"], UUID(enveloppe_id)
    postes = (Poste.OUVERT, Poste.DISPONIBLE) if ajout > 0 else (Poste.DISPONIBLE, Poste.OUVERT)
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        await lock_disponibles(tx, [objet])
        lignes = transfert(Livre.ENG, objet, abs(ajout), *postes)
        ecriture = Ecriture(EvenementJournal.AVENANT, effet, lignes, source="Avenant d'essai")
        await inscrire(tx, [ecriture], inscrite_le=service.horloge())


async def test_a_balance_is_read_as_of_a_day_and_as_known_on_a_day(
    terrain: Terrain, services: Mapping[str, Service], ouverte: str, horloge: Horloge
) -> None:
    """Opened of 1 000 on 1 January 2024, 300 more back-dated to June 2024, known ten days later.

    Planted: the day of inscription left out of what is summed, red.
    """
    enveloppe_id = await terrain.enveloppe(1_000_00)
    horloge.avancer(days=10)
    await _avenant(services, ouverte, enveloppe_id, date(2024, 6, 1), 300_00)

    for asked, attendu in (
        ("", 1_300_00),
        ("?au=2023-12-31", 0),
        ("?au=2024-01-01", 1_000_00),
        ("?au=2024-05-31", 1_000_00),
        ("?au=2024-06-01", 1_300_00),
        ("?connu_au=2026-03-01", 0),
        ("?connu_au=2026-03-02", 1_000_00),
        ("?au=2024-06-01&connu_au=2026-03-11", 1_000_00),
        ("?au=2024-06-01&connu_au=2026-03-12", 1_300_00),
    ):
        found = await terrain.lire(f"/v1/enveloppes/{enveloppe_id}{asked}")
        listed = (await terrain.lire(f"/v1/enveloppes{asked}"))["elements"][0]
        assert found["ouvert_centimes"] == listed["ouvert_centimes"] == attendu, asked
        assert found["disponible_centimes"] == found["disponibilite_legale_centimes"] == attendu


async def test_no_balance_of_the_past_goes_below_zero(
    terrain: Terrain, services: Mapping[str, Service], ouverte: str
) -> None:
    """I-05: 500 more from June 2024; to take them back before they came is refused.

    What is available today would cover it. Seen red without the check.
    """
    enveloppe_id = await terrain.enveloppe(1_000_00)
    await _avenant(services, ouverte, enveloppe_id, date(2024, 6, 1), 500_00)

    for effet, ajout in ((date(2024, 5, 31), -1_000_01), (date(2023, 12, 31), -1)):
        with pytest.raises(PasseNegatif) as refus:
            await _avenant(services, ouverte, enveloppe_id, effet, ajout)
        assert refus.value.members == {"date": effet}
    await _avenant(services, ouverte, enveloppe_id, date(2024, 5, 31), -1_000_00)

    assert (await terrain.soldes(enveloppe_id))[0] == 500_00
    assert await _verifier(services["financement"], ouverte) == []


async def test_a_proof_tells_what_makes_each_balance(
    terrain: Terrain, services: Mapping[str, Service], ouverte: str
) -> None:
    """The sums of the proof are the balances of the envelope, and its entries are listed."""
    await _une_vie(terrain)
    (enveloppe_id,) = terrain.enveloppes
    await _avenant(services, ouverte, enveloppe_id, date(2024, 6, 1), 5_00)

    preuve = await terrain.lire(f"/v1/enveloppes/{enveloppe_id}/preuve")
    enveloppe = await terrain.lire(f"/v1/enveloppes/{enveloppe_id}")
    for compte in preuve["comptes"]:
        assert compte["quantite"] == enveloppe[f"{compte['poste']}_centimes"]
    assert {
        (part["evenement"], part["variation"], part["lignes"])
        for part in preuve["parts"]
        if part["poste"] == "disponible"
    } == {
        ("ouverture", 1_000_00, 1),
        ("reservation", -20_00, 2),
        ("annulation", 10_00, 1),
        ("avenant", 5_00, 1),
    }
    assert [acte["source"] for acte in preuve["actes"]] == ["arrêté d'essai", "Avenant d'essai"]
    listed, suivant = [], f"/v1/ecritures?objet_id={enveloppe_id}&limite=2"
    while suivant:
        page = await terrain.lire(suivant)
        listed += page["elements"]
        suivant = page["pagination"]["suivant"]
    assert [one["seq"] for one in listed] == [1, 3, 4, 5, 6, 7]
    assert preuve["ecritures"] == 6
    assert preuve["derniere"] == {"seq": 7, "empreinte": listed[-1]["empreinte"]}
    before = await terrain.lire(f"/v1/enveloppes/{enveloppe_id}/preuve?au=2024-05-31")
    assert [part["evenement"] for part in before["parts"]] == ["ouverture", "ouverture"]


async def test_another_collectivite_finds_nothing(
    terrain: Terrain, connecter: Connecter, ouverte: str
) -> None:
    """What belongs to another answers as what does not exist, to the byte but for its address."""
    action_id = await _une_vie(terrain)
    chemins = [f"/v1/actions/{action_id}", f"/v1/conventions/{terrain.convention_id}"]
    for nom in ("enveloppes", "ecritures", "reservations", "engagements"):
        chemins += [f"/v1/{nom}/{(await terrain.lire(f'/v1/{nom}'))['elements'][0]['id']}"]
    voisine = connecter("financement", dans="999Z")

    for chemin in chemins:
        theirs = (await voisine.get(chemin)).json()
        absent = (await voisine.get(f"{chemin.rpartition('/')[0]}/{uuid4()}")).json()
        for answer in (theirs, absent):
            del answer["instance"], answer["correlation"]
        assert theirs == absent
        assert theirs["code"] == "introuvable"
    for nom in ("conventions", "actions", "enveloppes", "ecritures", "reservations", "engagements"):
        assert (await voisine.get(f"/v1/{nom}")).json()["elements"] == []
    reservation = chemins[4]
    for suite, corps in (("confirmations", {}), ("annulations", {"motif": "x"})):
        refused = await voisine.post(f"{reservation}/{suite}", corps)
        assert refused.json()["code"] == "introuvable"


@pytest.mark.parametrize("regard", ["888Z", None], ids=["une autre", "aucune"])
async def test_the_wall_alone_hides_every_row(
    terrain: Terrain, bases: Mapping[str, Adresses], ouverte: str, regard: str | None
) -> None:
    """Row-level security by itself: the service's role, none of the service's filters.

    Seen red with one table left out of `cloisonner`.
    """
    await _une_vie(terrain)
    with _connecter(bases["financement"].proprietaire, None) as connexion:
        nues = connexion.execute(
            "SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
            " WHERE relkind = 'r' AND attname = 'collectivite' AND relname <> 'collectivite'"
            " AND NOT (relrowsecurity AND relforcerowsecurity)"
        ).fetchall()
    assert nues == []
    url = bases["financement"].service
    with _connecter(url, ouverte) as connexion:
        tables = [
            nom
            for (nom,) in connexion.execute(
                "SELECT table_name FROM information_schema.columns"
                " WHERE column_name = 'collectivite' AND table_name <> 'collectivite'"
                " AND table_schema = 'public'"
            )
        ]
        counts = SQL("SELECT count(*) FROM {}")
        own = {nom: connexion.execute(counts.format(Identifier(nom))).fetchone() for nom in tables}
    assert sum(count != (0,) for count in own.values()) >= 16
    with _connecter(url, regard) as connexion:
        for nom in tables:
            assert connexion.execute(counts.format(Identifier(nom))).fetchone() == (0,), nom
        with pytest.raises(errors.InsufficientPrivilege):
            connexion.execute("INSERT INTO chaine VALUES (%s, 1, 'x')", [ouverte])
