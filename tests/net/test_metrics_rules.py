#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The alert rules, by promtool: that each fires at what it is for, and none in ordinary times."""
import json
import os

from harness import equal, expect, run, run_tests, write

RULES = "scripts/prometheus-rules.yml"

# In promtool's notation, a value a minute: what no rule minds, and by each rule what it fires at.
ORDINARY = {
    'mosprobe_build_info{version="1"}': "1x60",
    "mosprobe_heartbeat_timestamp_seconds": "0+60x60",
    "mosprobe_impaired": "0x60",
    'mosprobe_targets{state="ok"}': "95x60",
    'mosprobe_targets{state="critical"}': "5x60",
    "mosprobe_late_starts_total": "0+1x60",
    'mosprobe_samples_total{outcome="ok"}': "0+900x60",
    'mosprobe_samples_total{outcome="timeout"}': "0+100x60",
    'mosprobe_turn_seconds_bucket{le="0.06"}': "0+1000x60",
    'mosprobe_turn_seconds_bucket{le="1"}': "0+1000x60",
    'mosprobe_turn_seconds_bucket{le="+Inf"}': "0+1000x60",
    "mosprobe_slots": "100x60",
    "mosprobe_slots_in_use": "50x60",
    'mosprobe_local_errors_total{kind="no_port"}': "0x60",
    "mosprobe_stamps_missing_total": "0x60",
    'mosprobe_capture_troubles_total{cause="no_socket"}': "0x60",
    'mosprobe_capture_troubles_total{cause="stale_stamp"}': "0+5x60",
    "mosprobe_redis_connected": "1x60",
    "mosprobe_spool_age_seconds": "1x60",
    'mosprobe_dropped_entries_total{where="queue"}': "0x60",
    'mosprobe_dropped_entries_total{where="output"}': "0+5x60",
    'mosprobe_dns_answers_total{result="found"}': "0+9x60",
    'mosprobe_dns_answers_total{result="failed"}': "0+1x60",
}
FIRES = [
    ("Gone", 'mosprobe_build_info{version="1"}', "_x60"),
    ("Stuck", "mosprobe_heartbeat_timestamp_seconds", "60x60"),
    ("Impaired", "mosprobe_impaired", "1x60"),
    ("ManyCritical", 'mosprobe_targets{state="critical"}', "20x60"),
    ("LateStarts", "mosprobe_late_starts_total", "0+20x60"),
    ("TurnsSlow", 'mosprobe_turn_seconds_bucket{le="0.06"}', "0+900x60"),
    ("SlotsScarce", "mosprobe_slots_in_use", "90x60"),
    ("LocalErrors", 'mosprobe_local_errors_total{kind="no_port"}', "0+2x60"),
    ("StampsMissing", "mosprobe_stamps_missing_total", "0+1x60"),
    ("StampsMissing", 'mosprobe_capture_troubles_total{cause="no_socket"}', "0+1x60"),
    ("RedisLost", "mosprobe_redis_connected", "0x60"),
    ("SpoolOld", "mosprobe_spool_age_seconds", "300x60"),
    ("Dropped", 'mosprobe_dropped_entries_total{where="queue"}', "0+1x60"),
    ("ResolverFails", 'mosprobe_dns_answers_total{result="failed"}', "0+20x60"),
]


def test_check():
    done = run(["promtool", "check", "rules", RULES])
    equal(done.returncode, 0, f"{done.stdout}{done.stderr}")


def test_rules():
    """Each rule fires at what it is for, and no other does; in ordinary times none does."""
    def case(fires, series):
        return {"interval": "1m", "name": fires,
                "input_series": [{"series": key, "values": values}
                                 for key, values in series.items()],
                "promql_expr_test": [{
                    "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                    "eval_time": "50m",
                    "exp_samples": [{"labels": f'{{alertname="Mosprobe{fires}"}}', "value": 1}]
                    if fires else []}]}

    with open(RULES, encoding="utf-8") as file:
        alerts = file.read().count("- alert:")
    equal(len({name for name, _, _ in FIRES}), alerts, "rules")
    cases = [case("", ORDINARY)]
    for name, key, values in FIRES:
        expect(key in ORDINARY, key)
        cases.append(case(name, {**ORDINARY, key: values}))
    done = run(["promtool", "test", "rules", write("rules-test.yml", json.dumps({
        "rule_files": [os.path.abspath(RULES)], "evaluation_interval": "1m", "tests": cases}))])
    equal(done.returncode, 0, f"{done.stdout}{done.stderr}")


if __name__ == "__main__":
    run_tests(globals())
