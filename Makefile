# make          build/mosprobe
# make run      install what is missing, build, probe a simulated network
# make test     install what is missing, build, run every test
# make install, make uninstall, make deb: scripts/install.mk
# V=1 shows the commands; WERROR=1 makes warnings errors; CC=clang works too.

SHELL := /bin/bash
V ?= 0
Q := $(if $(filter 0,$(V)),@,)
say = $(if $(filter 0,$(V)),@printf '  %-8s %s\n' '$(1)' '$(2)')

B ?= build
CC ?= cc
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /sbin/bpftool) bpftool)
PKG_CONFIG ?= pkg-config
VERSION := 0.1.0
sysconfdir ?= /etc
LIBS := libbpf libseccomp liburing hiredis libcares inih jansson libzstd libmicrohttpd ncursesw

CFLAGS ?= -O2 -g
SANITIZE ?=
OWN_CFLAGS := # of single objects
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
	-Wundef -Wpointer-arith -Wwrite-strings -Wno-unused-parameter
ALL_CFLAGS = -std=gnu11 $(WARN) $(if $(WERROR),-Werror) $(CFLAGS) $(SANITIZE) $(OWN_CFLAGS) -pthread \
	-D_GNU_SOURCE -DMOSPROBE_VERSION='"$(VERSION)"' $(DEFINE_ETC) -Iuserspace -Ibpf -I$(B) -MMD -MP
DEFINE_ETC := $(if $(filter-out /etc,$(sysconfdir)),-DLOAD_CONFIG_DEFAULT='"$(sysconfdir)/mosprobe/mosprobe.conf"')
# Evaluated when something is compiled: `make run` may install pkg-config and the libraries first.
LIB_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(LIBS))
LDLIBS = $(shell $(PKG_CONFIG) --libs $(LIBS)) -lm

SRC_PURE := $(wildcard userspace/vocabulary/*.c userspace/pure/*.c)
SRC := $(SRC_PURE) $(wildcard userspace/edges/*.c userspace/composition/*.c)
OBJ := $(SRC:%.c=$(B)/%.o)
OBJ_PURE := $(SRC_PURE:%.c=$(B)/%.o)

include tests/tests.mk
include tests/fuzz/fuzz.mk
include bench/bench.mk
include scripts/install.mk

.PHONY: all run test clean setup-build setup-run setup-test
.DEFAULT_GOAL := all
all: $(B)/mosprobe

$(B)/mosprobe: $(OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $(OBJ) $(LDLIBS)

$(B)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(LIB_CFLAGS) -c -o $@ $<

# The score's kernels: one source, compiled for each instruction set; which runs is chosen at start.
ifneq ($(filter x86_64%,$(shell $(CC) -dumpmachine 2>/dev/null)),)
$(B)/userspace/pure/columns_avx2.o: OWN_CFLAGS := -mavx2 -mfma
$(B)/userspace/pure/columns_avx512.o: OWN_CFLAGS := -mavx512f -mavx512dq -mavx512vl
endif

# What runs in the kernel: compiled for BPF, embedded through a generated skeleton.
BPF := handshake reflect
vpath %.bpf.c bpf
$(B)/%.bpf.o: %.bpf.c
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) -target bpf -O2 -g -Wall -Wextra -Wno-unused-parameter $(if $(WERROR),-Werror) \
		-MMD -MP -I/usr/include/$(shell uname -m)-linux-gnu -c -o $@ $<
$(B)/%.skel.h: $(B)/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@.tmp && mv $@.tmp $@
$(B)/userspace/edges/capture.o: $(B)/handshake.skel.h
$(B)/userspace/edges/reflector.o: $(B)/reflect.skel.h

# What is missing is installed first; a second make then sees the new tools.
setup-build:
	@scripts/setup build
setup-run:
	@scripts/setup build run
setup-test:
	@scripts/setup build run test

JOBS := -j$(shell nproc)
run: setup-run
	@$(MAKE) --no-print-directory $(JOBS) all $(if $(TARGETS),,$(B)/netsim)
	@B=$(B) scripts/demo $(TARGETS)

test: setup-test
	@$(MAKE) --no-print-directory $(JOBS) test-build
	@$(MAKE) --no-print-directory test-all

# Not a part of `make test`: it takes minutes.
.PHONY: lint
lint: setup-test $(B)/handshake.skel.h $(B)/reflect.skel.h
	@scripts/lint $(B) -std=gnu11 $(WARN) -pthread -D_GNU_SOURCE -DMOSPROBE_VERSION='"$(VERSION)"' \
		-Iuserspace -Ibpf -isystem $(B) $(LIB_CFLAGS)

clean:
	rm -rf $(B)

-include $(OBJ:.o=.d) $(BPF:%=$(B)/%.bpf.d)
