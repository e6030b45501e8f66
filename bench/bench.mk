# Benchmarks: see bench/README.md.
.PHONY: bench bench-quick bench-million bench-publish bench-chaos bench-alerts bench-guard bench-dns bench-lateness bench-load bench-accuracy bench-throughput bench-score soak
# What cannot be installed here is left out, and told.
bench:
	@scripts/setup build run bench || echo "bench: what is missing is left out"
	@$(MAKE) --no-print-directory $(JOBS) all $(B)/netsim $(B)/bench/floor $(B)/bench/flood \
		$(B)/tests/net/publish_driver
	@B=$(B) bench/all $(if $(QUICK),--quick)
bench-quick:
	@$(MAKE) --no-print-directory bench QUICK=1
bench-million: setup-run
	@$(MAKE) --no-print-directory $(JOBS) all $(B)/netsim
	@B=$(B) bench/million
bench-load: setup-run
	@$(MAKE) --no-print-directory $(JOBS) all $(B)/netsim
	@B=$(B) bench/load
bench-accuracy: setup-run
	@scripts/setup bench
	@$(MAKE) --no-print-directory $(JOBS) all $(B)/netsim
	@B=$(B) bench/accuracy
bench-dns: setup-run
	@scripts/setup test
	@$(MAKE) --no-print-directory $(JOBS) all
	@B=$(B) bench/dns
bench-lateness: setup-run
	@$(MAKE) --no-print-directory $(JOBS) all $(B)/netsim
	@B=$(B) bench/lateness
bench-guard: setup-run
	@$(MAKE) --no-print-directory $(JOBS) all $(B)/netsim
	@B=$(B) bench/guard
bench-publish: setup-run
	@$(MAKE) --no-print-directory $(JOBS) all $(B)/tests/net/publish_driver
	@B=$(B) bench/publish
bench-chaos: setup-run
	@scripts/setup test
	@$(MAKE) --no-print-directory $(JOBS) all $(B)/tests/net/publish_driver
	@B=$(B) bench/chaos
soak: setup-run
	@scripts/setup test
	@$(MAKE) --no-print-directory $(JOBS) all $(B)/netsim
	@B=$(B) bench/soak
bench-throughput: setup-run
	@$(MAKE) --no-print-directory $(JOBS) all $(B)/netsim $(B)/bench/floor
	@B=$(B) bench/throughput
bench-score: setup-build
	@$(MAKE) --no-print-directory $(JOBS) $(B)/bench/score
	@$(B)/bench/score

bench-alerts: setup-build
	@$(MAKE) --no-print-directory $(JOBS) $(B)/bench/alerts
	@$(B)/bench/alerts $(if $(SEED),-s $(SEED)) $(if $(SCALE),-x $(SCALE))

ALERTS_OBJ := $(patsubst %.c,$(B)/%.o,$(wildcard bench/alerts*.c))
$(B)/bench/score: $(B)/bench/score.o $(OBJ_PURE)
$(B)/bench/alerts: $(ALERTS_OBJ) $(OBJ_PURE)
$(B)/bench/floor: $(B)/bench/floor.o $(OBJ_PURE)
$(B)/bench/flood: $(B)/bench/flood.o
$(B)/bench/score $(B)/bench/alerts $(B)/bench/floor $(B)/bench/flood:
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ -linih -lm

-include $(B)/bench/score.d $(B)/bench/floor.d $(B)/bench/flood.d $(ALERTS_OBJ:.o=.d)
