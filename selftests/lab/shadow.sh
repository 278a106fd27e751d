#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What shadow page tables cost, for comparison: the same guest, which uses its own
# page tables, under Vellum, which has EPT only, and under KVM without EPT.
# shellcheck source=selftests/lab/tap.sh
. "$(dirname "$0")/tap.sh"

ROUNDS=500	# of each kind, in tools/paging
NOISE=100	# the host's timer, and pages on first touch
KINDS="CR3 INVLPG #PF"

# count DEVICE: fills the file out.
count() {
	VELLUM_DEV=$1 "$SELFTESTS/tools/paging" > "$out"
}

of() {
	sed -n "s/^$1 //p" "$out"
}

# show WHO: in one line.
show() {
	printf '# show: %s: exits for %s of each:' "$1" "$ROUNDS"
	for kind in $KINDS; do
		printf ' %s %s' "$kind" "$(of "$kind")"
	done
	echo
}

out=$(mktemp)
check "vellum loads" load
check "the guest runs on Vellum" count "$VELLUM_DEV"
show "EPT"
for kind in $KINDS; do
	check "EPT: $kind is the guest's alone" test "$(of "$kind")" -lt "$NOISE"
done
check "rmmod vellum" unload

check "kvm_intel loads without EPT" modprobe kvm_intel ept=0
check "the guest runs on KVM" count /dev/kvm
show "shadow page tables"
for kind in $KINDS; do
	check "shadow: each $kind comes out" test "$(of "$kind")" -ge "$ROUNDS"
done
check "kvm_intel goes" modprobe -r kvm_intel
rm -f "$out"
tap_done
