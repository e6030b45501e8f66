# Benchmarks: see bench/README.md.
.PHONY: bench-load
bench-load: setup-run
	@$(MAKE) --no-print-directory all $(B)/netsim
	@B=$(B) bench/load
