"""The day that it is where the collectivités of the tests are."""

from datetime import date, datetime
from zoneinfo import ZoneInfo


def aujourdhui() -> date:
    """Today in Paris: late in the evening, UTC is a day behind what the services count in."""
    return datetime.now(ZoneInfo("Europe/Paris")).date()
