# Benchmarks: see bench/README.md.
.PHONY: bench-load bench-accuracy bench-throughput
bench-load: setup-run
	@$(MAKE) --no-print-directory $(JOBS) all $(B)/netsim
	@B=$(B) bench/load
bench-accuracy: setup-run
	@scripts/setup bench
	@$(MAKE) --no-print-directory $(JOBS) all $(B)/netsim
	@B=$(B) bench/accuracy
bench-throughput: setup-run
	@$(MAKE) --no-print-directory $(JOBS) all $(B)/netsim
	@B=$(B) bench/throughput
