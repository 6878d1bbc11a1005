"""The languages of the add-on are complete: every term translated, with the placeholders and tags it had."""

import ast
import re
import unittest
from collections import Counter

import polib

from workshop.lint_checks import SAME_EVERYWHERE
from workshop.paths import ADDON_DIR
from workshop.translations import follow

FOLDER = ADDON_DIR / "i18n"
LANGUAGES = ("zh_CN",)
# What the program fills in or the browser reads. "%" before anything else is a per cent sign.
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|%[sd](?![a-z])")
TAG = re.compile(r"<(/?\w+)")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def entries(name):
    return [entry for entry in polib.pofile(str(FOLDER / name)) if not entry.obsolete]


def marks(text):
    """The placeholders and tags of ``text``, with how often each occurs."""
    return Counter(PLACEHOLDER.findall(text)) + Counter(TAG.findall(text))


class TestTranslations(unittest.TestCase):
    def test_every_language_has_the_terms_of_the_template_and_no_others(self):
        wanted = {entry.msgid for entry in entries("sale_order_control.pot")}
        self.assertGreater(len(wanted), 500)
        for language in LANGUAGES:
            with self.subTest(language):
                self.assertEqual({entry.msgid for entry in entries(f"{language}.po")}, wanted)

    def test_no_term_is_untranslated_or_doubtful(self):
        for language in LANGUAGES:
            open_terms = {entry.msgid for entry in entries(f"{language}.po") if not entry.translated() or entry.fuzzy}
            self.assertFalse(open_terms - SAME_EVERYWHERE, language)

    def test_placeholders_and_tags_are_kept(self):
        for language in LANGUAGES:
            broken = [entry.msgid for entry in entries(f"{language}.po") if marks(entry.msgid) != marks(entry.msgstr)]
            self.assertFalse(broken, language)

    def test_chinese_is_chinese(self):
        foreign = {
            entry.msgid
            for entry in entries("zh_CN.po")
            if re.search("[A-Za-z]", PLACEHOLDER.sub("", entry.msgid)) and not CHINESE.search(entry.msgstr)
        }
        self.assertFalse(foreign - SAME_EVERYWHERE)

    def test_a_language_follows_the_template_and_loses_nothing(self):
        template = polib.POFile()
        template.metadata = {"POT-Creation-Date": "2026-01-01 00:00+0000"}
        template += [polib.POEntry(msgid=term) for term in ("Kept", "Answered", "Open")]
        language = polib.POFile()
        language += [polib.POEntry(msgid="Kept", msgstr="保留"), polib.POEntry(msgid="Gone", msgstr="不再")]
        followed, still_open = follow(template, language, {"Answered": "已答"})
        self.assertEqual([entry.msgstr for entry in followed], ["保留", "已答", ""])
        self.assertEqual(still_open, ["Open"])

    def test_texts_to_translate_are_literals(self):
        """The export reads the source: a text that is chosen inside the call is exported as something else."""
        computed = [
            f"{path.name}:{call.lineno}"
            for path in sorted(ADDON_DIR.rglob("*.py"))
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "_"
            if call.args and not isinstance(call.args[0], ast.Constant)
        ]
        self.assertFalse(computed)

    def test_a_lost_placeholder_or_tag_is_noticed(self):
        self.assertNotEqual(marks("%(user)s released it"), marks("已放行"))
        self.assertNotEqual(marks("<b>Off</b>"), marks("关闭"))
        self.assertEqual(marks("%s %% of %(limit)s"), marks("%(limit)s 的 %s %%"))
