#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Load and unload the module 100 times, each time with a VM made and destroyed:
# no memory is lost, nothing stays in the kernel, VMX is off.
# shellcheck source=selftests/lab/tap.sh
. "$(dirname "$0")/tap.sh"

BATCHES=5
ROUNDS=20

# Free memory in KiB, after all that can be had back was given back; what each
# CPU keeps on its own lists (zoneinfo's pagesets, in pages) is free too.
free_memory() {
	sync
	echo 3 > /proc/sys/vm/drop_caches
	echo 1 > /proc/sys/vm/compact_memory
	usleep 200000
	awk '/^MemFree:/ { free += $2 } /^ +count:/ { free += 4 * $2 } END { print free }' \
		/proc/meminfo /proc/zoneinfo
}

# shellcheck disable=SC2317 # called by way of check
cycle() {
	load && "$SELFTESTS/tools/hold" try && unload
}

# shellcheck disable=SC2317 # likewise
cycles() {
	n=0
	while [ "$n" -lt "$1" ]; do
		cycle || { echo "# round $n"; return 1; }
		n=$((n + 1))
	done
}

# What the kernel keeps back for a while comes and goes. A leak is what every
# batch loses: half a page on each load at least.
least=
batch=1
while [ "$batch" -le "$BATCHES" ]; do
	before=$(free_memory)
	check "loads, batch $batch of $BATCHES" cycles $ROUNDS
	lost=$((before - $(free_memory)))
	note "batch $batch: $lost KiB less are free"
	[ -n "$least" ] && [ "$least" -le "$lost" ] || least=$lost
	batch=$((batch + 1))
done
check "memory is given back" test "$least" -lt $((2 * ROUNDS))
check "VMX is off on every CPU" all_cpus "$VMX_OFF"
tap_done
