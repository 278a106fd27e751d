# SPDX-License-Identifier: GPL-2.0-only
# The commands that a person types; `make help` lists them. The work is done by
# the scripts in lab/ and selftests/.

# Defaults are left to those scripts, so that what is not set stays unset.
export LAB CPU CPUS KERNEL T MINUTES ALL HOW

version := $(if $(KERNEL),$(KERNEL),6.1)
DESTDIR ?=

.PHONY: all module userspace test test-hard test-qemu test-kvm-selftests test-profile test-all bench account
.PHONY: check run shell bochs install clean help
.DEFAULT_GOAL := all

all: module userspace

module:
	@lab/deps build kernel-$(version)
	@lab/module $(version)

userspace:
	@lab/deps tool
	@$(MAKE) -s -C userspace

test:
	@lab/deps build source lab
	@selftests/run quick

test-hard:
	@lab/deps build source lab
	@selftests/hard/run

test-qemu:
	@selftests/qemu/run

test-kvm-selftests:
	@selftests/kvm/run

test-profile:
	@selftests/profile/run

bench:
	@selftests/bench/run

account:
	@selftests/bench/account $(if $(OF),'$(OF)')

# Hours become fewer with the faster Bochs; without it they stay possible.
test-all:
	@lab/deps build source lab
	@lab/bochs/build || true
	@selftests/run all

check:
	@lab/deps build check kernel-6.1 kernel-6.12
	@selftests/lint/check

shell: module
	@lab/run --interactive --timeout 86400 -- sh -c 'insmod /lib/vellum/vellum.ko; exec sh -i'

run: module userspace
	@lab/demo

bochs:
	@lab/bochs/build

install: userspace
	@$(MAKE) -s -C userspace install
	@lab/install "$(DESTDIR)"

clean:
	rm -rf build

help:
	@sed 's/^/  /' lab/help.txt
