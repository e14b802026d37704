"""The offices where something is put right: corrections of records, challenges to a use, ratings of cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from exchange.access import Access
from exchange.cases.watching import Watch
from exchange.challenges.desk import ChallengeDesk
from exchange.challenges.opening import Challenging
from exchange.challenges.sweep import challenge_sweep
from exchange.challenges.transitions import ChallengeTransitions
from exchange.corrections.desk import CorrectionDesk
from exchange.corrections.following import Following
from exchange.corrections.opening import Opening
from exchange.corrections.recipients import Recipients
from exchange.corrections.sweep import correction_sweep
from exchange.corrections.transitions import CorrectionTransitions
from exchange.outside import Outside
from exchange.ratings.desk import RatingDesk
from exchange.ratings.sweep import rating_sweep
from exchange.ratings.transitions import RatingTransitions
from exchange.ratings.unrated import Unrated
from exchange.return_flow.telling import Telling


class Sweep(Protocol):
    """Something that time alone brings about."""

    def sweep(self) -> int:
        """Record what is due; how much changed. Raises LedgerUnavailable."""
        ...


@dataclass(frozen=True)
class RemedyOffices:
    """Each remedy: where it is begun, where it is answered, and what its clock brings about."""

    correction_opening: Opening
    correction_following: Following
    corrections: CorrectionDesk
    correction_sweep: Sweep
    challenging: Challenging
    challenges: ChallengeDesk
    challenge_sweep: Sweep
    unrated: Unrated
    ratings: RatingDesk
    rating_sweep: Sweep


def open_remedy_offices(outside: Outside, access: Access, watch: Watch, telling: Telling) -> RemedyOffices:
    """Put them together; ``telling`` finds a person's records in return flows."""
    database, ledger, clock = outside.database, outside.ledger, outside.clock
    corrected = CorrectionTransitions(database, ledger, clock, Recipients(telling))
    challenged = ChallengeTransitions(database, ledger, clock)
    rated = RatingTransitions(database, ledger, clock)
    return RemedyOffices(
        correction_opening=Opening(access, corrected, outside.entropy, watch, telling),
        correction_following=Following(access, corrected),
        corrections=CorrectionDesk(access, corrected),
        correction_sweep=correction_sweep(corrected),
        challenging=Challenging(access, challenged, outside.entropy, telling),
        challenges=ChallengeDesk(access, challenged),
        challenge_sweep=challenge_sweep(challenged),
        unrated=Unrated(access, ledger, clock),
        ratings=RatingDesk(access, rated),
        rating_sweep=rating_sweep(rated),
    )
