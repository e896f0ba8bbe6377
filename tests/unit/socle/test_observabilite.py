"""What is written of a fault says where, and nothing of whom."""

import io
import json
import logging
import sys

import pytest
import structlog

from shared import contexte
from shared.socle import observabilite, problems

SECRET = "291013599900147"  # commune 999


def test_a_librarys_record_keeps_its_place_and_loses_its_words() -> None:
    """Planted: the standard formatter, the exception's text printed, red."""
    flux = io.StringIO()
    handler = logging.StreamHandler(flux)
    handler.setFormatter(observabilite.Sobre())
    logger = logging.getLogger("bibliotheque")
    logger.addHandler(handler)
    try:
        raise ValueError(SECRET)
    except ValueError:
        logger.exception("échec pour %s", SECRET)
    finally:
        logger.removeHandler(handler)

    line = json.loads(flux.getvalue())
    assert SECRET not in flux.getvalue()
    assert (line["logger"], line["exception"]) == ("bibliotheque", "ValueError")
    assert line["place"].startswith("test_observabilite:")


def test_a_fault_of_ours_is_logged_by_type_and_place(capsys: pytest.CaptureFixture[str]) -> None:
    observabilite.configure("essai")
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            problems.log_fault(error)
    finally:
        # What the service set for its process is not for the tests that follow.
        structlog.reset_defaults()
        logging.basicConfig(stream=sys.__stderr__, force=True)
    written = capsys.readouterr()

    assert SECRET not in written.out + written.err
    assert "KeyError" in written.out + written.err


@pytest.mark.parametrize(
    ("recu", "repris"),
    [
        pytest.param("00-" + "a" * 32 + "-" + "b" * 16 + "-01", True, id="bien formé"),
        pytest.param("00-" + "0" * 32 + "-" + "b" * 16 + "-01", False, id="trace nulle"),
        pytest.param("n'importe quoi", False, id="illisible"),
        pytest.param(None, False, id="absent"),
    ],
)
def test_a_trace_is_continued_or_begun_never_refused(recu: str | None, repris: bool) -> None:
    trace = contexte.adopt(recu)

    assert (trace == "a" * 32) is repris
    assert len(trace) == 32
    assert contexte.traceparent().startswith(f"00-{trace}-")
