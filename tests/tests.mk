# Tests. `make test` = everything; `make test-unit`, `test-sim`, `test-net` = a part.
# Unit and sim programs use only the pure half, and are built a second time with sanitizers.

TEST_PURE := $(patsubst tests/%.c,%,$(wildcard tests/unit/test_*.c tests/sim/test_*.c))
TEST_BIN := $(TEST_PURE:%=$(B)/tests/%)
SAN_B := $(B)/san
SAN_FLAGS := -fsanitize=address,undefined,float-divide-by-zero,float-cast-overflow \
	-fno-sanitize-recover=all -fno-omit-frame-pointer
SAN_BIN := $(TEST_PURE:%=$(SAN_B)/tests/%)
NET_DRIVERS := $(B)/tests/net/publish_driver $(B)/tests/net/sandbox_driver
# What passes from thread to thread, and the whole program for tests/net/test_threads.py, with ThreadSanitizer; clang's,
# for gcc's knows no fences.
TSAN_B := $(B)/tsan
TSAN_BIN := $(patsubst %,$(TSAN_B)/tests/unit/test_%,log mailbox queue)
TEST_NET := $(sort $(wildcard tests/net/test_*.py))

.PHONY: test-all test-build test-unit test-sim test-net test-sanitizers test-tsan tsan-build check-source
test-all: check-source test-build
	@B=$(B) tests/run $(TEST_BIN) $(SAN_BIN) $(TSAN_BIN) $(FUZZ_TEST) $(TEST_NET)
test-unit: $(filter $(B)/tests/unit/%,$(TEST_BIN))
	@B=$(B) tests/run $^
test-sim: $(filter $(B)/tests/sim/%,$(TEST_BIN))
	@B=$(B) tests/run $^
test-sanitizers:
	@$(MAKE) --no-print-directory B=$(SAN_B) LDFLAGS= \
		SANITIZE="$(SAN_FLAGS)" $(SAN_BIN)
tsan-build:
	@$(MAKE) --no-print-directory B=$(TSAN_B) CC=$(CLANG) CFLAGS="-O1 -g" LDFLAGS= \
		SANITIZE="-fsanitize=thread -fno-omit-frame-pointer" all $(TSAN_BIN)
test-tsan: tsan-build
	@B=$(B) tests/run $(TSAN_BIN) tests/net/test_threads.py
test-net: all $(B)/netsim $(NET_DRIVERS) tsan-build
	@B=$(B) tests/run $(TEST_NET)
test-build: all $(TEST_BIN) $(B)/netsim $(NET_DRIVERS) test-sanitizers tsan-build fuzz-build

check-source:
	@scripts/check-includes
	@mandoc -T lint -W warning $(wildcard userspace/man/*.[578])

# Kept between builds.
.SECONDARY:

$(B)/tests/%: $(B)/tests/%.o $(OBJ_PURE)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ -lcmocka -linih -lm

# They try the widest kernel without the instructions for it.
$(B)/tests/unit/test_columns%o: OWN_CFLAGS := -Wno-psabi

# Pushes synthetic results through the real publisher.
$(B)/tests/net/publish_driver: $(B)/tests/net/publish_driver.o \
		$(filter $(B)/userspace/edges/publish%.o $(B)/userspace/edges/journal%.o,$(OBJ)) \
		$(OBJ_PURE)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Tries system calls under the real filter.
$(B)/tests/net/sandbox_driver: $(B)/tests/net/sandbox_driver.o \
		$(filter $(B)/userspace/edges/sandbox%.o,$(OBJ)) \
		$(OBJ_PURE)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# The simulated network: Linux, libc, libbpf, and of the product only the link and the peers in the kernel, which
# have no part in its log of truth.
NETSIM_OBJ := $(patsubst %.c,$(B)/%.o,$(wildcard tests/netsim/*.c))
NETSIM_SHARED := $(patsubst %,$(B)/userspace/%.o,edges/links edges/reflector vocabulary/message vocabulary/mask)
$(B)/netsim: $(NETSIM_OBJ) $(NETSIM_SHARED)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(shell $(PKG_CONFIG) --libs libbpf) -lm

-include $(TEST_PURE:%=$(B)/tests/%.d) $(NETSIM_OBJ:.o=.d) $(NET_DRIVERS:%=%.d)
