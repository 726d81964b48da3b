"""Whether a run tried everything: Schemathesis ends well also where it had no time for an operation or skipped a phase.

whole.py REPORT PHASES
"""

import json
import sys


def missing(report, phases):
    """What was not done, in sentences."""
    if not report["complete"]:
        yield f"the run was not complete: {report['stop_reason']}"
    operations = report["operations"]
    # Whoever asks for some operations gets those.
    if not any(option in report["command"] for option in ("--include-", "--exclude-")):
        if operations["selected"] != operations["total"]:
            yield f"{operations['selected']} of {operations['total']} operations were selected"
    if operations["tested"] != operations["selected"] or operations["skipped"] or operations["errored"]:
        yield f"not each operation was tested: {operations}"
    for phase in phases:
        how = report["phases"].get(phase, {"status": "missing"})
        if how["status"] != "success":
            yield f"the phase {phase} was not done: {how}"
    if not report["test_cases"]["generated"]:
        yield "nothing was tried"


with open(sys.argv[1], encoding="utf-8") as file:
    sentences = list(missing(json.load(file), sys.argv[2].split(",")))
for sentence in sentences:
    print(f"Not whole: {sentence}", file=sys.stderr)
sys.exit(1 if sentences else 0)
