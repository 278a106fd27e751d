#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# After rmmod, and after a refused insmod, nothing in the kernel names Vellum.
# shellcheck source=selftests/lab/tap.sh
. "$(dirname "$0")/tap.sh"

# Everything that mentions the module, one per line.
traces() {
	for dir in /sys/module /sys/class/misc /sys/devices/virtual/misc \
		/sys/kernel/debug /sys/kernel/tracing/events /sys/kernel/slab \
		/dev /proc; do
		find "$dir" -maxdepth 1 -name '*vellum*' 2> /dev/null
	done
	grep -H vellum /proc/misc /proc/modules /proc/devices /proc/slabinfo \
		/sys/devices/system/cpu/hotplug/states /proc/vmallocinfo 2> /dev/null
}

check "clean before" equal "" "$(traces)"
if cpu_has_vmx && cpu_is_enough; then
	check "insmod" load
	check "the search finds a loaded module" test -n "$(traces)"
	check "a VM comes and goes" "$SELFTESTS/tools/hold" try
	check "rmmod" unload
else
	check "insmod is refused" fails load 2> /dev/null
fi
check "clean after" equal "" "$(traces)"
tap_done
