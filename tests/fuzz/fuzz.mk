# Fuzzing: `make fuzz` runs every target for FUZZ_S seconds, `make fuzz-NAME` one of them; `make fuzz-short` replays the
# corpora and runs each for a few seconds. libFuzzer comes with clang.

FUZZ_B := $(B)/fuzz
FUZZ_S ?= 600
FUZZ_NAMES := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_TEST := $(FUZZ_NAMES:%=$(FUZZ_B)/test_fuzz_%)
FUZZ_SANITIZE := $(SAN_FLAGS) -fsanitize=fuzzer-no-link

.PHONY: fuzz fuzz-short fuzz-build $(FUZZ_NAMES:%=fuzz-%)
# One after the other, also with -j.
fuzz: fuzz-build
	@for name in $(FUZZ_NAMES); do B=$(FUZZ_B) tests/fuzz/long $$name $(FUZZ_S) || exit 1; done
$(FUZZ_NAMES:%=fuzz-%): fuzz-%: fuzz-build
	@B=$(FUZZ_B) tests/fuzz/long $* $(FUZZ_S)
fuzz-short: fuzz-build
	@B=$(B) tests/run $(FUZZ_TEST)
# With clang, whatever CC is.
fuzz-build: $(FUZZ_TEST)
	@$(MAKE) --no-print-directory B=$(FUZZ_B) CC=$(CLANG) CFLAGS="-O1 -g" LDFLAGS= \
		SANITIZE="$(FUZZ_SANITIZE)" fuzz-bin

# A program for `prove` each.
$(FUZZ_TEST): $(FUZZ_B)/test_fuzz_%: tests/fuzz/fuzz.mk
	$(Q)mkdir -p $(@D)
	$(Q)printf '#!/bin/sh\nB=%s exec tests/fuzz/short %s\n' $(FUZZ_B) $* >$@ && chmod +x $@

# From here on in the second make, whose B is FUZZ_B.
FUZZ_BIN := $(FUZZ_NAMES:%=$(B)/tests/fuzz/fuzz_%)
FUZZ_EDGES := publish journal json state resolver
FUZZ_OBJ := $(OBJ_PURE) $(patsubst %.c,$(B)/%.o, \
	userspace/composition/score_csv.c userspace/composition/score_query.c \
	$(foreach edge,$(FUZZ_EDGES),$(wildcard userspace/edges/$(edge)*.c)) \
	$(filter-out tests/fuzz/fuzz_%,$(wildcard tests/fuzz/*.c)))
# The simulated network is no part of the product.
FUZZ_NETSIM := $(patsubst %,$(B)/tests/netsim/%.o,scenario segments keys changes groups values \
	address conditions decision)

.PHONY: fuzz-bin
fuzz-bin: $(FUZZ_BIN)
$(filter %_scenario,$(FUZZ_BIN)): PARTS := $(FUZZ_NETSIM)
$(FUZZ_BIN): PARTS ?= $(FUZZ_OBJ)
$(FUZZ_BIN): $(B)/tests/fuzz/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(FUZZ_OBJ) $(FUZZ_NETSIM)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer -o $@ $< $(PARTS) $(LDLIBS)

-include $(FUZZ_BIN:=.d) $(FUZZ_OBJ:.o=.d) $(FUZZ_NETSIM:.o=.d)
