"""From samples to scores a second time, written from the definitions and not from mosprobe's code: the
E-Model of ITU-T G.107 (06/2015, narrowband) with all its parameters, and the window of a target. Slow
and plain; numbers in parentheses are the Recommendation's."""
import math
import statistics

DEFAULTS = {"SLR": 8, "RLR": 2, "STMR": 15, "LSTR": 18, "Ds": 3, "Dr": 3, "TELR": 65, "WEPL": 110,
            "T": 0, "Tr": 0, "Ta": 0, "sT": 1, "mT": 100, "qdu": 1, "Ie": 0, "Bpl": 25.1, "Ppl": 0,
            "BurstR": 1, "Nc": -70, "Nfor": -64, "Ps": 35, "Pr": 35, "A": 0}
# Ie, Bpl (G.113, Appendix I), and the encoder's lookahead in ms.
CODECS = {"g711": (0, 25.1, 0), "g711-noplc": (0, 4.3, 0), "g729a": (11, 19.0, 5),
          "g723.1": (15, 16.1, 7.5), "gsm-efr": (5, 10, 0)}
FRAME_MS, PLAYOUT_MIN_MS, PLAYOUT_MAX_MS, PLAYOUT_FACTOR = 20, 20, 100, 2
WINDOW = AVERAGE = 6
UNKNOWN_LATENCY_MS = 1000    # of a window in which no answer has one


def _ratio(decibels):
    return 10 ** (decibels / 10)


def _root(base, n):
    return base ** (1 / n)


def _noise(p):
    """No, and Ro of it."""
    olr = p["SLR"] + p["RLR"]
    nos = p["Ps"] - p["SLR"] - p["Ds"] - 100 + 0.004 * (p["Ps"] - olr - p["Ds"] - 14) ** 2    # (7-4)
    pre = p["Pr"] + 10 * math.log10(1 + _ratio(10 - p["LSTR"]))    # (7-6)
    nor = p["RLR"] - 121 + pre + 0.008 * (pre - 35) ** 2    # (7-5)
    nfo = p["Nfor"] + p["RLR"]    # (7-7)
    no = 10 * math.log10(sum(map(_ratio, (p["Nc"], nos, nor, nfo))))    # (7-3)
    return no, 15 - 1.5 * (p["SLR"] + no)    # (7-2)


def _simultaneous(p, no, ro):
    """Is, and Ist of it."""
    olr = p["SLR"] + p["RLR"]
    xolr = olr + 0.2 * (64 + no - p["RLR"])    # (7-10)
    iolr = 20 * (_root(1 + (xolr / 8) ** 8, 8) - xolr / 8)    # (7-9)
    stmro = -10 * math.log10(_ratio(-p["STMR"]) + math.exp(-p["T"] / 4) * _ratio(-p["TELR"]))    # (7-12)
    ist = (12 * _root(1 + ((stmro - 13) / 6) ** 8, 8) - 28 * _root(1 + ((stmro + 1) / 19.4) ** 35, 35)
           - 13 * _root(1 + ((stmro - 3) / 33) ** 13, 13) + 29)    # (7-11)
    q = 37 - 15 * math.log10(p["qdu"])    # (7-17)
    g = 1.07 + 0.258 * q + 0.0602 * q * q    # (7-16)
    y, z = (ro - 100) / 15 + 46 / 8.4 - g / 9, 46 / 30 - g / 40    # (7-14), (7-15)
    return iolr + ist + 15 * math.log10(1 + 10 ** y + 10 ** z), ist    # (7-8), (7-13)


def _delay(p, no, ro, ist):
    """Id."""
    t, idte, idd = p["T"], 0, 0
    if t >= 1:
        terv = (p["TELR"] - 40 * math.log10((1 + t / 10) / (1 + t / 150))
                + 6 * math.exp(-0.3 * t * t))    # (7-22)
        if p["STMR"] < 9:
            terv += ist / 2    # (7-23)
        half = (-1.5 * (no - p["RLR"]) - 80 - 2.5 * (terv - 14)) / 2    # (7-20), (7-21)
        idte = (half + math.sqrt(half * half + 100) - 1) * (1 - math.exp(-t))    # (7-19)
    if p["STMR"] > 20:
        idte = math.hypot(idte, ist)    # (7-24)
    half = (ro - 10.5 * (p["WEPL"] + 7) * (p["Tr"] + 1) ** -0.25) / 2    # (7-26)
    idle = half + math.sqrt(half * half + 169)    # (7-25)
    if p["Ta"] > p["mT"]:
        x, n = math.log2(p["Ta"] / p["mT"]), 6 * p["sT"]    # (7-28)
        idd = 25 * (_root(1 + x ** n, n) - 3 * _root(1 + (x / 3) ** n, n) + 2)    # (7-27)
    return idte + idle + idd    # (7-18)


def r_of(**given):
    p = {**DEFAULTS, **given}
    no, ro = _noise(p)
    total, ist = _simultaneous(p, no, ro)
    ie_eff = p["Ie"] + (95 - p["Ie"]) * p["Ppl"] / (p["Ppl"] / p["BurstR"] + p["Bpl"])    # (7-29)
    return ro - total - _delay(p, no, ro, ist) - ie_eff + p["A"]    # (7-1)


def mos_of(r):
    """(B-4), held at 1 where the cubic dips below it."""
    if r <= 0:
        return 1
    return 4.5 if r >= 100 else max(1, 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r))


def r_of_path(latency_ms, jitter_ms, loss_pct, codec):
    """Of a round trip with its jitter and loss, as a call would find it."""
    ie, bpl, lookahead_ms = CODECS[codec]
    playout_ms = min(max(PLAYOUT_FACTOR * jitter_ms, PLAYOUT_MIN_MS), PLAYOUT_MAX_MS)
    ta = latency_ms / 2 + playout_ms + FRAME_MS + lookahead_ms
    late = math.exp(-PLAYOUT_MAX_MS / jitter_ms) if jitter_ms > 0 else 0
    ppl = 100 * (1 - (1 - loss_pct / 100) * (1 - late))
    return r_of(Ta=ta, T=ta, Tr=2 * ta, Ie=ie, Bpl=bpl, Ppl=ppl)


class Sample:
    """What a window wants to know: answered or not, its latency (a refusal has one too; None when there is
    none that is certain), and of what was answered the rest."""

    def __init__(self, answered, rtt_ns=None, sent=0, lost=0):
        self.answered, self.rtt_ns, self.sent, self.lost = answered, rtt_ns, sent, lost


class Cycle:
    def __init__(self, number, samples):
        self.number, self.samples, self.mos = number, samples, None
        rtts = [s.rtt_ns / 1e6 for s in samples if s.rtt_ns is not None]
        self.rtts_ms, self.median_ms = rtts, statistics.median(rtts) if rtts else None
        self.answered_rtts_ms = [s.rtt_ns / 1e6 for s in samples if s.answered and s.rtt_ns is not None]


class Target:
    """Its cycles, from its first answer on; add() returns what is known after each."""

    def __init__(self, codec="g711"):
        self.codec, self.cycles, self.verified = codec, [], False

    def add(self, number, samples):
        """`samples`: those of cycle `number` that are not missing, in their order."""
        if not self.verified:    # a target begins with its first answer
            first = next((i for i, s in enumerate(samples) if s.answered), len(samples))
            samples = samples[first:]
            self.verified = bool(samples)
        numbers = {"mos_cycle": None, "mos": None}
        if samples:
            self.cycles.append(Cycle(number, samples))
        numbers.update(_window_numbers(self._newest(number, WINDOW)))
        if samples:
            answered = sum(s.answered for s in samples)
            numbers["mos_cycle"] = self.cycles[-1].mos = mos_cycle(
                numbers, answered, len(samples) - answered, self.codec)
        scores = [cycle.mos for cycle in self._newest(number, AVERAGE)]
        numbers["mos"] = statistics.fmean(scores) if scores else None
        return numbers

    def _newest(self, number, count):
        return [c for c in self.cycles[-count:] if c.number > number - 2 * WINDOW]


def _window_numbers(cycles):
    samples = [s for cycle in cycles for s in cycle.samples]
    answered = [s for s in samples if s.answered]
    sent, lost = sum(s.sent for s in answered), sum(s.lost for s in answered)
    medians = [cycle.median_ms for cycle in cycles if cycle.rtts_ms]
    rtts_ms = [rtt for cycle in cycles for rtt in cycle.rtts_ms]
    return {"n": len(samples), "answered": len(answered), "failed": len(samples) - len(answered),
            "sent": sent, "lost": lost, "latency_ms": medians[-1] if medians else None,
            "jitter_ms": _jitter_ms([rtt for cycle in cycles for rtt in cycle.answered_rtts_ms], medians),
            "stddev_ms": statistics.pstdev(rtts_ms) if len(rtts_ms) > 1 else None,
            "loss_pct": 100 * lost / sent if sent else None,
            "fail_pct": 100 - 100 * len(answered) / len(samples) if samples else None}


def _steps(values):
    return [abs(b - a) for a, b in zip(values, values[1:])]


def _jitter_ms(rtts_ms, medians_ms):
    """The larger of two terms, of the answered samples; None with neither."""
    terms = []
    if len(rtts_ms) > 1:
        terms.append(statistics.fmean(_steps(rtts_ms)))
    if len(medians_ms) > 1:
        terms.append(statistics.median(_steps(medians_ms)) / 2)
    return max(terms, default=None)


def r_of_window(numbers, codec):
    latency_ms = numbers["latency_ms"]
    return r_of_path(UNKNOWN_LATENCY_MS if latency_ms is None else latency_ms, numbers["jitter_ms"] or 0,
                     100 * numbers["lost"] / numbers["sent"], codec)


def mos_cycle(numbers, answered, failed, codec):
    """Of a cycle's samples: those that failed have 1, the others what their window comes to."""
    if not answered:
        return 1
    return (answered * mos_of(r_of_window(numbers, codec)) + failed) / (answered + failed)
