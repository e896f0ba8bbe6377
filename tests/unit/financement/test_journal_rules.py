"""What each event debits and credits, and how an entry is chained."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.financement.journal.rules import (
    ORIGINE,
    POSTES,
    Ecriture,
    Ligne,
    Tenue,
    empreinte,
    equilibree,
    lignes_engagement,
    lignes_liberation,
    lignes_ouverture,
    lignes_reservation,
    variations,
)
from shared.schemas.financement.journal import EvenementJournal, Livre, Poste, Sens

ETAT, DEPARTEMENT, ACTION = UUID(int=1), UUID(int=2), UUID(int=3)
TENUES = [
    Tenue(Livre.ENG, ETAT, 24_125_18),
    Tenue(Livre.ENG, DEPARTEMENT, 24_125_17),
    Tenue(Livre.PLA, ACTION, 2),
]
tenues = st.dictionaries(
    st.uuids(),
    st.tuples(st.sampled_from([Livre.ENG, Livre.PLA]), st.integers(1, 10**12)),
    min_size=1,
    max_size=6,
).map(lambda found: [Tenue(livre, objet, q) for objet, (livre, q) in found.items()])


@given(tenues=tenues, data=st.data())
def test_every_event_balances_and_keeps_what_was_opened(
    tenues: Sequence[Tenue], data: st.DataObject
) -> None:
    """I-01 and I-11: per asset debits equal credits, and what is opened is all somewhere."""
    prises = {tenue.objet_id: data.draw(st.integers(0, tenue.quantite)) for tenue in tenues}
    soldes: dict[tuple[Livre, Poste, UUID], int] = {}
    ouvertures = [
        ligne
        for tenue in tenues
        for ligne in lignes_ouverture(tenue.livre, tenue.objet_id, tenue.quantite)
    ]
    for lignes in (
        ouvertures,
        lignes_reservation(tenues),
        lignes_liberation(tenues),
        lignes_reservation(tenues),
        lignes_engagement(tenues, prises),
    ):
        assert equilibree(lignes)
        assert min(ligne.quantite for ligne in lignes) > 0
        for compte, variation in variations(lignes).items():
            soldes[compte] = soldes.get(compte, 0) + variation
        for tenue in tenues:
            contra, *autres = (
                soldes.get((tenue.livre, poste, tenue.objet_id), 0) for poste in POSTES[tenue.livre]
            )
            assert contra == sum(autres) == tenue.quantite
            assert min(autres) >= 0


def test_what_is_not_confirmed_is_given_back() -> None:
    lignes = lignes_engagement(TENUES, {ETAT: 24_125_18, DEPARTEMENT: 0, ACTION: 1})

    assert variations(lignes) == {
        (Livre.ENG, Poste.ENGAGE, ETAT): 24_125_18,
        (Livre.ENG, Poste.RESERVE, ETAT): -24_125_18,
        (Livre.ENG, Poste.DISPONIBLE, DEPARTEMENT): 24_125_17,
        (Livre.ENG, Poste.RESERVE, DEPARTEMENT): -24_125_17,
        (Livre.PLA, Poste.OCCUPEE, ACTION): 1,
        (Livre.PLA, Poste.DISPONIBLE, ACTION): 1,
        (Livre.PLA, Poste.RESERVEE, ACTION): -2,
    }


@pytest.mark.parametrize(
    "lignes",
    [
        pytest.param([], id="sans ligne"),
        pytest.param(lignes_ouverture(Livre.ENG, ETAT, 5)[:1], id="une seule ligne"),
        pytest.param(
            [
                Ligne(Livre.ENG, Poste.DISPONIBLE, ETAT, Sens.DEBIT, 5),
                Ligne(Livre.ENG, Poste.OUVERT, ETAT, Sens.CREDIT, 4),
            ],
            id="un centime d'ecart",
        ),
        pytest.param(
            [
                Ligne(Livre.ENG, Poste.DISPONIBLE, ETAT, Sens.DEBIT, 5),
                Ligne(Livre.PLA, Poste.OUVERTE, ACTION, Sens.CREDIT, 5),
            ],
            id="des centimes contre des places",
        ),
    ],
)
def test_what_does_not_balance(lignes: Sequence[Ligne]) -> None:
    assert not equilibree(lignes)


ECRITURE = Ecriture(
    evenement=EvenementJournal.RESERVATION,
    date_effet=date(2026, 3, 2),
    lignes=lignes_reservation(TENUES),
    action_id=ACTION,
)
INSTANT = datetime(2026, 3, 2, 10, 0, 0, 1, tzinfo=UTC)


def _empreinte(ecriture: Ecriture = ECRITURE, **changes: object) -> bytes:
    values = {
        "ecriture_id": UUID(int=9),
        "collectivite": "35D",
        "seq": 4,
        "inscrite_le": INSTANT,
        "client_id": "si-departement-35",
        **changes,
    }
    return empreinte(ORIGINE, ecriture, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "autre",
    [
        pytest.param(_empreinte(collectivite="44D"), id="collectivite"),
        pytest.param(_empreinte(seq=5), id="rang"),
        pytest.param(_empreinte(ecriture_id=UUID(int=8)), id="identifiant"),
        pytest.param(_empreinte(client_id="autre"), id="client"),
        pytest.param(_empreinte(inscrite_le=INSTANT + timedelta(microseconds=1)), id="instant"),
        pytest.param(_empreinte(replace(ECRITURE, date_effet=date(2026, 3, 3))), id="date d'effet"),
        pytest.param(_empreinte(replace(ECRITURE, source="acte")), id="source"),
        pytest.param(
            _empreinte(replace(ECRITURE, evenement=EvenementJournal.ANNULATION)), id="evenement"
        ),
        pytest.param(_empreinte(replace(ECRITURE, lignes=lignes_liberation(TENUES))), id="lignes"),
    ],
)
def test_the_digest_depends_on_everything(autre: bytes) -> None:
    assert autre != _empreinte()


def test_the_digest_does_not_depend_on_how_an_instant_is_written() -> None:
    ailleurs = INSTANT.astimezone(timezone(timedelta(hours=4)))

    assert _empreinte(inscrite_le=ailleurs) == _empreinte()


def test_the_digest_is_the_one_released() -> None:
    """Entries chained by an earlier release must still prove: this value never changes."""
    figee = "1afc4c439f3815fd56aafbdb25bb8aece3e974d704e634788b810ed3ea978413"

    assert _empreinte().hex() == figee
