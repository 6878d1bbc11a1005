"""The languages follow the template: ``python -m workshop.translations FOLDER [ANSWERS]``, run with Odoo's Python.

ANSWERS is a JSON file ``{language: {term: translation}}`` for terms that are still open.
"""

import json
import sys
from pathlib import Path

import polib

from .lint_checks import ADDON, SAME_EVERYWHERE


def follow(template, language, answers):
    """``language`` with exactly the terms of ``template``; what was translated stays, comments and places are new.

    :return: the file and the terms that nobody has translated yet
    """
    known = {entry.msgid: entry.msgstr for entry in language if not entry.fuzzy}
    known.update(answers)
    followed = polib.POFile(wrapwidth=78)
    followed.header, followed.metadata = language.header, dict(language.metadata)
    for name in ("POT-Creation-Date", "PO-Revision-Date"):
        followed.metadata[name] = template.metadata["POT-Creation-Date"]
    for term in template:
        followed.append(
            polib.POEntry(
                msgid=term.msgid,
                msgstr=known.get(term.msgid, ""),
                comment=term.comment,
                tcomment=term.tcomment,
                occurrences=term.occurrences,
                flags=[flag for flag in term.flags if flag != "fuzzy"],
            )
        )
    return followed, [entry.msgid for entry in followed if not entry.msgstr and entry.msgid not in SAME_EVERYWHERE]


def main(folder, answers=None):
    """Rewrite every language of ``folder``, and print as JSON what is open in each."""
    template = polib.pofile(str(Path(folder) / f"{ADDON}.pot"))
    given = json.loads(Path(answers).read_text(encoding="utf-8")) if answers else {}
    still_open = {}
    for path in sorted(Path(folder).glob("*.po")):
        followed, still_open[path.stem] = follow(template, polib.pofile(str(path)), given.get(path.stem, {}))
        followed.save(str(path))
    print(json.dumps(still_open, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
