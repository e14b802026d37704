"""How much time a proceeding leaves: the calendar and the service levels that count today."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from exchange.clocks.rules import read
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.dates import local_day
from policies.clocks.calendar import WorkingCalendar
from policies.clocks.profile import ShareType, Stage, profile_for
from policies.clocks.run import Run, deadline, standing


def clock_view(run: Run | None, calendar: WorkingCalendar, now: datetime) -> JSON:
    """A proceeding's clock for those who work on it: its deadline, the working days left, whether it is late."""
    if run is None:
        return None
    here = standing(run, calendar, now)
    return {"deadline": _written(here.deadline), "left": here.left, "late": here.late}


def deadline_view(run: Run | None, calendar: WorkingCalendar) -> JSON:
    """By when a proceeding is answered, for those who wait for it."""
    return None if run is None else _written(deadline(run, calendar))


def _written(ends: datetime | None) -> JSON:
    return None if ends is None else ends.isoformat()


class TimeLimits:
    """What every proceeding with clocks asks of the rules."""

    clock: Clock

    def calendar(self, connection: Connection) -> WorkingCalendar:
        """The calendar that counts today."""
        return read(connection).calendar(local_day(self.clock.now()))

    def working_days(
        self,
        connection: Connection,
        organisation: str,
        stage: Stage,
        *,
        usual: int,
        share_type: ShareType = ShareType.UNCONDITIONAL,
    ) -> int:
        """What a department has for a stage; ``usual`` where no service level says."""
        profile = profile_for(read(connection).profiles, organisation, local_day(self.clock.now()))
        days = None if profile is None else profile.days(stage, share_type, published=True)
        return usual if days is None else days
