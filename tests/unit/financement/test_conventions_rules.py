"""Acts, signatures and versions of a convention: tables of cases, no database."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.financement.conventions.rules import (
    CHAMPS,
    Acte,
    ActeInscrit,
    Cadre,
    ConventionIncomplete,
    Etat,
    Version,
    apres_acte,
    apres_acte_avenant,
    canonique,
    contenu_apres,
    empreinte,
    signataires_avenant,
    signatures_manquantes,
    verifier_avenant,
    vue_au,
)
from services.financement.parites.rules import Part, parites, regle_de
from shared.refus import Validation
from shared.schemas.commun import CENTIMES_MAX
from shared.schemas.financement.conventions import (
    ConstatParite,
    ContenuConvention,
    ContenuModification,
    Partie,
    Signataire,
    StatutConvention,
    StatutSignataire,
    StatutVersion,
    TypeActe,
    TypeAvenant,
    TypeConvention,
)
from shared.schemas.financement.enveloppes import Financeur

JOUR = date(2024, 1, 1)
CONTENU = ContenuConvention.model_validate(
    {
        "intitule": "Une convention",
        "annee_debut": 2024,
        **dict.fromkeys(
            (
                *("annee_fin", "date_fin", "date_bilan", "nombre_actions", "beneficiaire"),
                *("nombre_actions_territoriales", "nombre_orientations"),
            )
        ),
        **{
            champ: []
            for champ in (
                *("axes", "volets", "parties", "territoires", "publics"),
                *("comite_pilotage", "enveloppes"),
            )
        },
    }
)


def partie(nom: str, statut: StatutSignataire | None, *, requis: bool = True) -> Signataire:
    """A party."""
    return Signataire(
        organisme=nom, qualite=None, requis=requis, statut=statut, date_signature=None
    )


S = StatutSignataire


@pytest.mark.parametrize(
    ("signataires", "manquantes"),
    [
        pytest.param([partie("A", S.SIGNE), partie("B", S.SIGNE)], [], id="tous"),
        pytest.param([partie("A", S.SIGNE), partie("B", None)], ["B"], id="un qui manque"),
        pytest.param([partie("A", S.SIGNE), partie("B", S.REFUSE)], ["B"], id="un refus requis"),
        pytest.param([partie("A", S.SIGNE), partie("B", S.RETIRE)], [], id="un retrait"),
        pytest.param(
            [partie("A", S.SIGNE), partie("B", S.INVITE, requis=False)], [], id="un invité"
        ),
        pytest.param(
            [partie("A", S.SIGNE, requis=False), partie("B", S.INVITE, requis=False)],
            ["B"],
            id="nul n'est requis : tous",
        ),
        pytest.param(
            [partie("A", S.SIGNE, requis=False), partie("B", S.REFUSE, requis=False)],
            [],
            id="nul n'est requis : sauf qui refuse",
        ),
    ],
)
def test_who_must_still_sign(signataires: list[Signataire], manquantes: list[str]) -> None:
    assert signatures_manquantes(signataires) == manquantes


def test_a_general_avenant_may_change_all_that_one_can() -> None:
    assert set().union(*CHAMPS.values()) == set(ContenuModification.model_fields)


def test_a_digest_does_not_depend_on_the_order_of_keys() -> None:
    contenu = CONTENU.model_dump(mode="json")
    assert empreinte(dict(reversed(contenu.items()))) == empreinte(contenu)
    assert canonique({"b": 1, "a": "é"}) == '{"a":"é","b":1}'


@given(
    effets=st.lists(st.integers(1, 400), min_size=1, max_size=6, unique=True).map(sorted),
    retards=st.lists(st.integers(0, 300), min_size=6, max_size=6),
    au=st.integers(0, 500),
    connu=st.integers(0, 800),
)
def test_one_version_holds_on_each_day(
    effets: list[int], retards: list[int], au: int, connu: int
) -> None:
    """I-30 and I-31, against a naive reading: the last one in effect, of those known.

    Avenants come one after the other, each known on its day of effect at the soonest. Planted: the
    day of knowledge left out of the replay, red.
    """
    jours = [JOUR + timedelta(days=effet) for effet in effets]
    connus: list[date] = []
    for jour, retard in zip(jours, retards, strict=False):
        connus.append(max([jour + timedelta(days=retard), *connus[-1:]]))
    versions = [
        Version(JOUR, JOUR, (), CONTENU),
        *(Version(jour, vu, (), CONTENU) for jour, vu in zip(jours, connus, strict=True)),
    ]
    actes = [
        ActeInscrit(rang, Acte(TypeActe.APPLICATION, jour), vu)
        for rang, (jour, vu) in enumerate(zip(jours, connus, strict=True), start=1)
    ]
    jour, vu = JOUR + timedelta(days=au), JOUR + timedelta(days=connu)

    vue = vue_au(versions, Etat(StatutConvention.EN_VIGUEUR.value, ()), actes, jour, vu)

    assert vue is not None
    attendus = [
        rang
        for rang, version in enumerate(versions)
        if (version.date_effet or JOUR) <= jour and version.jour_inscription <= vu
    ]
    assert vue.numero == max(attendus, default=0)


def test_an_effect_before_the_signature_is_flagged() -> None:
    etat = Etat("en_vigueur", (), date_signature=JOUR, date_effet=JOUR)
    assert not etat.retroactif
    assert replace(etat, date_effet=JOUR - timedelta(days=1)).retroactif
    assert not replace(etat, date_signature=None).retroactif


CLS = TypeConvention.CONTRAT_LOCAL_SOLIDARITES
CALPAE = TypeConvention.CONVENTION_APPUI_LUTTE_PAUVRETE_ACCES_EMPLOI


@pytest.mark.parametrize(
    ("type_convention", "annee", "parts", "constat"),
    [
        pytest.param(CLS, 2024, (62_085_000, 62_085_000), "respectee", id="CLS, moitié-moitié"),
        pytest.param(CLS, 2024, (62_085_000, 62_084_999), "rompue", id="CLS, un centime"),
        pytest.param(CLS, 2024, (62_085_000, 0), "rompue", id="CLS, l'État seul"),
        pytest.param(CLS, 2023, (1, 2), "sans_regle", id="avant la règle"),
        pytest.param(CALPAE, 2019, (100, 101), "respectee", id="CALPAE, plus de la moitié"),
        pytest.param(CALPAE, 2019, (101, 100), "rompue", id="CALPAE, moins de la moitié"),
    ],
)
def test_parity_is_exact(
    type_convention: TypeConvention, annee: int, parts: tuple[int, int], constat: str
) -> None:
    (found,) = parites(
        [
            Part(2024, financeur, montant)
            for financeur, montant in zip(
                (Financeur.ETAT, Financeur.DEPARTEMENT), parts, strict=True
            )
        ],
        regle_de(type_convention, annee),
    )

    assert found.constat == constat
    assert found.total_centimes == sum(parts)


@pytest.mark.parametrize(
    "type_convention", [one for one in TypeConvention if one not in (CLS, CALPAE)]
)
def test_no_rule_is_made_up(type_convention: TypeConvention) -> None:
    """A CDIE, a PDI, a PTI, an experimentation, a subsidy: no text, no check."""
    regle = regle_de(type_convention, 2026)
    (found,) = parites([Part(2024, Financeur.ETAT, 1)], regle)
    assert (regle, found.constat) == (None, ConstatParite.SANS_REGLE)


def test_nothing_opened_is_nothing_to_check() -> None:
    assert parites([Part(2024, Financeur.ETAT, 0)], regle_de(CLS, 2024)) == []


def _etat(*signataires: Signataire, statut: StatutConvention) -> Etat:
    return Etat(statut.value, signataires)


@pytest.mark.parametrize(
    ("signataires", "type_acte"),
    [
        pytest.param([partie("A", S.A_SIGNER)], TypeActe.RETRAIT, id="la seule requise se retire"),
        pytest.param(
            [partie("A", S.A_SIGNER, requis=False)], TypeActe.REFUS, id="la seule, libre, refuse"
        ),
        pytest.param(
            [partie("A", S.A_SIGNER), partie("B", S.REFUSE, requis=False)],
            TypeActe.RETRAIT,
            id="l'une refuse, l'autre se retire",
        ),
    ],
)
def test_nothing_is_signed_by_nobody(signataires: list[Signataire], type_acte: TypeActe) -> None:
    """I-33: who leaves makes nothing signed. Seen red: signed as soon as nobody is missing."""
    acte = Acte(type_acte, JOUR, organisme="A")

    deliberee = _etat(*signataires, statut=StatutConvention.DELIBEREE)
    assert apres_acte(deliberee, acte, JOUR).statut == StatutConvention.DELIBEREE
    delibere = Etat(StatutVersion.DELIBERE.value, tuple(signataires))
    assert apres_acte_avenant(delibere, acte, JOUR).statut == StatutVersion.DELIBERE


@pytest.mark.parametrize("signataires", [[], [partie("A", S.RETIRE)]])
def test_nothing_enters_into_force_signed_by_nobody(signataires: list[Signataire]) -> None:
    """I-33, whatever was recorded. Seen red: in force as soon as nobody is missing."""
    entree = Acte(TypeActe.ENTREE_EN_VIGUEUR, JOUR)
    with pytest.raises(ConventionIncomplete):
        apres_acte(_etat(*signataires, statut=StatutConvention.SIGNEE), entree, JOUR)
    application = Acte(TypeActe.APPLICATION, JOUR)
    with pytest.raises(ConventionIncomplete):
        apres_acte_avenant(Etat(StatutVersion.SIGNE.value, tuple(signataires)), application, JOUR)


def test_who_withdrew_does_not_sign_an_avenant() -> None:
    """Seen red: asked again, and required, for ever."""
    parties = [Partie(organisme=nom, qualite=None, requis=True) for nom in "ABC"]
    connus = [partie("A", S.SIGNE), partie("B", S.RETIRE), partie("C", S.INVITE)]

    found = signataires_avenant(parties, connus)

    assert [(one.organisme, one.statut) for one in found] == [("A", S.A_SIGNER), ("C", S.INVITE)]


MARS, JUIN = date(2026, 3, 1), date(2026, 6, 30)


@pytest.mark.parametrize(
    ("present", "termes", "tient"),
    [
        pytest.param((MARS, JUIN), {"fenetre_fin": "2026-03-01"}, True, id="un seul jour"),
        pytest.param((MARS, JUIN), {"fenetre_fin": "2026-02-28"}, False, id="fin avant le début"),
        pytest.param((MARS, JUIN), {"fenetre_debut": "2026-07-01"}, False, id="début après la fin"),
        pytest.param(
            (MARS, JUIN),
            {"fenetre_debut": "2026-07-01", "fenetre_fin": "2026-12-31"},
            True,
            id="toute la fenêtre",
        ),
        pytest.param((None, None), {"fenetre_fin": "2026-02-28"}, True, id="sans début"),
    ],
)
def test_a_window_is_checked_as_it_will_be(
    present: tuple[date | None, date | None], termes: dict[str, str], tient: bool
) -> None:
    """An end that the avenant does not name stays. Seen red: the two ends named, and they alone."""
    enveloppe_id = uuid4()
    modification = ContenuModification.model_validate(
        {"enveloppes": [{"enveloppe_id": enveloppe_id, **termes}]}
    )
    apres = contenu_apres(CONTENU, modification)
    cadre = Cadre(frozenset(), frozenset(), {enveloppe_id: present})

    if tient:
        verifier_avenant(TypeAvenant.GENERAL, modification, apres, cadre)
        return
    with pytest.raises(Validation) as refus:
        verifier_avenant(TypeAvenant.GENERAL, modification, apres, cadre)
    assert [one["code"] for one in refus.value.members["erreurs"]] == ["date-incoherente"]


def test_a_total_stays_within_what_an_amount_can_say() -> None:
    """Seen red: a total that no answer could hold."""
    etat = Part(2024, Financeur.ETAT, CENTIMES_MAX - 1)
    (found,) = parites([etat, Part(2024, Financeur.DEPARTEMENT, 1)], None)
    assert found.total_centimes == CENTIMES_MAX
    with pytest.raises(Validation):
        parites([etat, Part(2024, Financeur.DEPARTEMENT, 2)], None)
