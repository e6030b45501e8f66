# SPDX-License-Identifier: MIT
"""The streams of a prober read to their end while it writes, and what must hold of them: each entry stands there once, and
none is missing."""
import json

# Of each entry of a chunk the fields that are asked for, in that order; a whole entry is 40 words.
READ = """local out, last = {}, ARGV[1]
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])) do
  local word, at = {}, {}
  for i = 1, #entry[2], 2 do at[entry[2][i]] = entry[2][i + 1] end
  for i = 3, #ARGV do word[i - 2] = at[ARGV[i]] or '' end
  out[#out + 1] = table.concat(word, '\\t')
  last = entry[1]
end
return {last, table.concat(out, '\\n')}"""
CHUNK = 20000


class Stream:
    """What has come to a stream since it was last read. `cli` runs a command of redis-cli and returns its JSON."""

    def __init__(self, cli, key, fields):
        self.cli, self.key, self.fields, self.last = cli, key, fields, "-"

    def chunk(self):
        """Up to 20,000 further entries, each a list of the values of its fields."""
        begin = self.last if self.last == "-" else f"({self.last}"
        answer = self.cli("EVAL", READ, "1", self.key, begin, str(CHUNK), *self.fields)
        last, text = json.loads(answer) if isinstance(answer, str) else answer
        if not text:
            return []
        self.last = last
        return [line.split("\t") for line in text.split("\n")]

    def rest(self):
        """All that is left of it."""
        found = []
        while chunk := self.chunk():
            found += chunk
        return found


class Tally:
    """Numbers that each subject counts up, one an entry: which stand twice, and which are missing in between."""

    def __init__(self):
        self.entries = self.twice = 0
        self.seen = {}  # {subject: [the least, a byte for each from there on]}
        self.examples = []

    def add(self, subject, number):
        seen = self.seen.setdefault(subject, [number, bytearray()])
        if number < seen[0]:
            seen[1][:0] = bytes(seen[0] - number)
            seen[0] = number
        at = number - seen[0]
        if at >= len(seen[1]):
            seen[1].extend(bytes(at + 1 - len(seen[1])))
        self.entries += 1
        if seen[1][at]:
            self.twice += 1
            self.examples = (self.examples + [f"{subject} {number} again"])[:5]
        seen[1][at] = 1

    def distinct(self):
        return sum(sum(flags) for _, flags in self.seen.values())

    def gaps(self, subject, first=None, since=0):
        """How many times something is missing, from the first that must be there (or that is there, from `since` on) to the
        last."""
        least, flags = self.seen.get(subject, (first, b""))
        flags = flags[max(0, since - least):] if since else flags
        return flags.lstrip(b"\0").count(b"\1\0") + (first is not None and least > first)
