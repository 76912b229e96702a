"""Reports of people who found something wrong: taken, joined, ranked, read, answered and counted.

Nobody vouches for them, and no verdict ever looks at them.
"""

from ledger.report.desk import Desk
from ledger.report.intake import Intake, Told
from ledger.report.publishing import Publisher
from ledger.report.ranking import Ranking

__all__ = ["Desk", "Intake", "Publisher", "Ranking", "Told"]
