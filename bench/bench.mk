# Benchmarks: see bench/README.md.
.PHONY: bench-load
bench-load: setup-run
	@$(MAKE) --no-print-directory $(JOBS) all $(B)/netsim
	@B=$(B) bench/load
