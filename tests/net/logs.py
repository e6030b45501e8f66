"""Reads the log of `mosprobe run` as a machine does: one event a line, a sentence and then logfmt."""
import re

PREFIX = {"mosprobe: error: ": 3, "mosprobe: warning: ": 4, "mosprobe: info: ": 6, "mosprobe: debug: ": 7,
          "<3>": 3, "<4>": 4, "<6>": 6, "<7>": 7}
LINE = re.compile(r"(mosprobe: [a-z]+: |<[0-9]>)([^=\"]+) (event=.*)")
FACT = re.compile(r"([a-z0-9_]+)=(?:\"((?:[^\"\\\x00-\x1f\x7f]|\\[\"\\nrt]|\\x[0-9a-f]{2}|\\u00[0-9a-f]{2})*)\"|"
                  r"([^ \"=\\\x00-\x1f\x7f]+))(?: |$)")


def event(line):
    """Its facts, with `sentence` and `priority`; None when it is no line of the log."""
    found = LINE.fullmatch(line)
    if not found or found.group(1) not in PREFIX:
        return None
    facts, at, rest = {}, 0, found.group(3)
    while at < len(rest):
        fact = FACT.match(rest, at)
        if not fact or fact.group(1) in facts:
            return None
        quoted, bare = fact.group(2), fact.group(3)
        facts[fact.group(1)] = bare if quoted is None else re.sub(
            r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|(.))", _plain, quoted)
        at = fact.end()
    return {"sentence": found.group(2), "priority": PREFIX[found.group(1)], **facts}


def _plain(escape):
    if escape.group(3):
        return {"n": "\n", "r": "\r", "t": "\t"}.get(escape.group(3), escape.group(3))
    return chr(int(escape.group(1) or escape.group(2), 16))


def events(text, name):
    """Those of one name."""
    found = [event(line) for line in text.splitlines()]
    return [facts for facts in found if facts and facts["event"] == name]
