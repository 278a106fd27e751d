#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The module cannot be unloaded while anything of it is open.
# shellcheck source=selftests/lab/tap.sh
. "$(dirname "$0")/tap.sh"

refused_while() {
	check "hold $1" hold "$1"
	check "rmmod refused with $1 held" fails rmmod vellum 2> /dev/null
	check "the device still works" "$SELFTESTS/tools/hold" try
	check "let go of $1" release
}

check "insmod" load
for what in open vm vcpu; do
	refused_while "$what"
done
check "rmmod once nothing is open" unload
check "VMX is off on every CPU" all_cpus "$VMX_OFF"
tap_done
