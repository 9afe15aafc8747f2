"""All kinds of findings about files, rows and examples, with their texts in English.

Those that a single task makes are in ``ftk.tasks.finding_kinds``. ``FindingKind`` says how the texts are read: ``text``
is what was found, then comes what was done about it, or for an error what the user can do.
"""

from ftk.contracts.finding_kinds.annotation_tools import *
from ftk.contracts.finding_kinds.calibration import *
from ftk.contracts.finding_kinds.checking import *
from ftk.contracts.finding_kinds.columns import *
from ftk.contracts.finding_kinds.examples import *
from ftk.contracts.finding_kinds.files import *
from ftk.contracts.finding_kinds.heads import *
from ftk.contracts.finding_kinds.images import *
from ftk.contracts.finding_kinds.making import *
from ftk.contracts.finding_kinds.models import *
from ftk.contracts.finding_kinds.numbers import *
from ftk.contracts.finding_kinds.padding import *
from ftk.contracts.finding_kinds.recipe import *
from ftk.contracts.finding_kinds.resuming import *
from ftk.contracts.finding_kinds.splits import *
from ftk.contracts.finding_kinds.suspicious_rows import *
from ftk.contracts.finding_kinds.tables import *
from ftk.contracts.finding_kinds.tagging import *
from ftk.contracts.finding_kinds.tokenizers import *
