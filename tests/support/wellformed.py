"""wellformed.py FOLDER... - every file of a format that others read is what its format wants.

JSON and JSON lines by a strict parser, CSV with rows of one length that no spreadsheet computes, XML for SVG, HTML whose
markup is ours alone, Markdown tables with rows of one length, LaTeX with its braces in balance; all of it UTF-8 without
control characters. Prints what is wrong and ends with 1 then. Needs nothing but Python."""
import csv
import html.parser
import io
import json
import os
import re
import sys
import xml.dom.minidom

wrong = []
OURS = {"html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "h4", "p", "ul", "li", "a", "nav", "section",
        "figure", "figcaption", "img", "svg", "g", "line", "circle", "rect", "text", "table", "thead", "tbody", "tr", "th",
        "td", "caption", "details", "summary", "div", "span", "i", "b", "code", "pre", "script", "footer", "header",
        "button", "small", "dl", "dt", "dd", "em", "strong", "br", "path", "polyline", "sup", "sub"}


class Markup(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.scripts, self.foreign = 0, []

    def handle_starttag(self, tag, attributes):
        self.scripts += tag == "script"
        if tag not in OURS or any(name.startswith("on") for name, _ in attributes):
            self.foreign.append(tag)


def same_lengths(rows, what):
    lengths = {len(row) for row in rows}
    if len(lengths) > 1:
        raise ValueError(f"{what} of {sorted(lengths)} cells")


def strict_json(text):
    def refuse(name):
        raise ValueError(f"the constant {name}")
    return json.loads(text, parse_constant=refuse)


def check_csv(text):
    rows = list(csv.reader(io.StringIO(text, newline="")))
    same_lengths(rows, "rows")
    if len(rows) != text.count("\n"):
        raise ValueError(f"{len(rows)} rows on {text.count(chr(10))} lines")
    for cell in (cell for row in rows for cell in row):
        if cell and cell[0] in "=+-@\t\r" and not re.fullmatch(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?|-", cell):
            raise ValueError(f"a spreadsheet computes {cell!r}")


def check_markdown(text):
    rows = [re.findall(r"(?<!\\)\|", line) for line in text.split("\n") if line.startswith("|")]
    same_lengths(rows, "table rows")


def check_latex(text):
    plain = re.sub(r"\\[\\{}%]", "", text)
    if plain.count("{") != plain.count("}"):
        raise ValueError("braces out of balance")


def check_html(text):
    markup = Markup()
    markup.feed(text)
    if markup.foreign or markup.scripts > 1:
        raise ValueError(f"foreign markup: {markup.foreign}, {markup.scripts} scripts")


CHECKS = {"json": strict_json, "jsonl": lambda text: [strict_json(line) for line in text.splitlines()], "csv": check_csv,
          "svg": xml.dom.minidom.parseString, "html": check_html, "md": check_markdown, "tex": check_latex,
          "gp": None, "dat": None, "txt": None, "log": None, "tasks": None, "sh": None}


def check(path, kind):
    with open(path, "rb") as file:
        data = file.read()
    text = data.decode("utf-8")
    control = re.search(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]", text)
    if control:
        raise ValueError(f"a control character: {text[max(0, control.start() - 30):control.end()]!r}")
    if CHECKS[kind]:
        CHECKS[kind](data if kind == "svg" else text)


count = 0
for top in sys.argv[1:]:
    for folder, _, names in os.walk(os.fsencode(top)):
        for name in names:
            path = os.path.join(folder, name)
            kind = os.path.splitext(name)[1][1:].decode("ascii", "replace")
            if kind not in CHECKS:
                continue
            count += 1
            try:
                check(path, kind)
            except Exception as problem:
                wrong.append(f"{path!r}: {problem}")
print(f"{count} files are well-formed" if not wrong else "\n".join(wrong))
sys.exit(bool(wrong) or not count)
