# make install        PREFIX=/usr/local DESTDIR= and the usual names of folders; a configuration that is there stays
# make uninstall      the same names; the configuration stays
# make deb            build/deb/mosprobe_VERSION_ARCH.deb
# make test-deb       the package in a Debian of its own, from debootstrap; needs root and a mirror

PREFIX ?= /usr/local
prefix ?= $(PREFIX)
exec_prefix ?= $(prefix)
bindir ?= $(exec_prefix)/bin
datarootdir ?= $(prefix)/share
datadir ?= $(datarootdir)
mandir ?= $(datarootdir)/man
docdir ?= $(datarootdir)/doc/mosprobe
bashcompletiondir ?= $(datadir)/bash-completion/completions
zshcompletiondir ?= $(datadir)/zsh/site-functions
unitdir ?= $(prefix)/lib/systemd/system
sysusersdir ?= $(prefix)/lib/sysusers.d

# Each as MODE:FILE:PLACE. What starts with install/ is made from what is in scripts/.
INSTALLED = 755:$(B)/mosprobe:$(bindir)/mosprobe \
	644:userspace/man/mosprobe.8:$(mandir)/man8/mosprobe.8 \
	644:userspace/man/mosprobe.conf.5:$(mandir)/man5/mosprobe.conf.5 \
	644:userspace/man/mosprobe-streams.7:$(mandir)/man7/mosprobe-streams.7 \
	644:$(B)/install/mosprobe.service:$(unitdir)/mosprobe.service \
	644:scripts/mosprobe.sysusers:$(sysusersdir)/mosprobe.conf \
	644:scripts/completion/mosprobe.bash:$(bashcompletiondir)/mosprobe \
	644:scripts/completion/mosprobe.zsh:$(zshcompletiondir)/_mosprobe \
	644:README.md:$(docdir)/README.md \
	644:scripts/mosprobe.conf.example:$(docdir)/examples/mosprobe.conf.example \
	644:scripts/targets.example:$(docdir)/examples/targets.example \
	644:scripts/grafana-dashboard.json:$(docdir)/examples/grafana-dashboard.json \
	644:scripts/prometheus-rules.yml:$(docdir)/examples/prometheus-rules.yml \
	755:scripts/consumer:$(docdir)/examples/consumer
CONFIGURATION = 644:$(B)/install/mosprobe.conf:$(sysconfdir)/mosprobe/mosprobe.conf \
	644:scripts/targets.empty:$(sysconfdir)/mosprobe/targets

# They depend on the folders' names, which no file's time tells.
.PHONY: install uninstall install-files deb test-deb setup-deb
install-files:
	@mkdir -p $(B)/install
	@sed 's|/usr/bin/mosprobe|$(bindir)/mosprobe|; s|/etc/mosprobe|$(sysconfdir)/mosprobe|' \
		scripts/mosprobe.service >$(B)/install/mosprobe.service
	@sed 's|^targets = .*|targets = targets|; s|^# user = .*|user = mosprobe|; s|^# state_dir = .*|state_dir = /var/lib/mosprobe|' \
		scripts/mosprobe.conf.example | sed '1s|every key here stands at its default|every key stands at its default, but for targets, user and state_dir|' \
		>$(B)/install/mosprobe.conf

install: all install-files
	$(Q)for file in $(INSTALLED); do \
		IFS=: read -r mode from to <<<"$$file"; \
		install -D -m "$$mode" "$$from" "$(DESTDIR)$$to" || exit 1; \
	done
	$(Q)for file in $(CONFIGURATION); do \
		IFS=: read -r mode from to <<<"$$file"; \
		[ -e "$(DESTDIR)$$to" ] || install -D -m "$$mode" "$$from" "$(DESTDIR)$$to" || exit 1; \
	done

uninstall:
	$(Q)for file in $(INSTALLED); do rm -f "$(DESTDIR)$${file##*:}"; done
	$(Q)for folder in $(docdir)/examples $(docdir); do \
		[ ! -d "$(DESTDIR)$$folder" ] || rmdir --ignore-fail-on-non-empty "$(DESTDIR)$$folder"; \
	done

setup-deb:
	@scripts/setup build deb

# Debian wants its folder at the top, and builds beside it: a copy is built. Its objects are kept for the next time, or
# are DEB_B's, which then must be up to date.
DEB := $(B)/deb
DEB_B ?= $(DEB)/objects
DEB_TREE := $(DEB)/mosprobe-$(VERSION)
deb: setup-deb
	$(call say,DEB,$(DEB))
	$(Q)rm -rf $(DEB_TREE) $(DEB)/mosprobe*.* && mkdir -p $(DEB_TREE) $(DEB_B)
	$(Q)cp -pR Makefile README.md LICENSE bpf userspace scripts tests bench $(DEB_TREE)
	$(Q)cp -pR scripts/debian $(DEB_TREE)/debian
	$(Q)cd $(DEB_TREE) && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL MOSPROBE_B=$(abspath $(DEB_B)) \
		dpkg-buildpackage --build=binary --unsigned-changes >../build.log 2>&1 || { tail -n 40 ../build.log >&2; exit 1; }
	$(Q)rm -rf $(DEB_TREE)
	$(Q)ls $(DEB)/*.deb

test-deb: deb all
	@scripts/debian-root $(DEB)/root
	@B=$(B) MOSPROBE_ROOT=$(DEB)/root tests/net/test_package.py
