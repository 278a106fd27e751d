#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# inside.sh DEVICE...: what selftests/qemu/run does in the lab host: the parts that the
# file parts names, on each device. A boot for each line of the file plan, MACHINE MODE
# CPUS MODEL, says
#	@ DEVICE|MACHINE|MODE|CPUS|MODEL|RESULT|TICKS|WHY
# with millions of ticks by the clock of the lab.
# shellcheck source=selftests/qemu/lib.sh
. /qemu/lib.sh
# shellcheck source=selftests/qemu/boots.sh
. /qemu/boots.sh
# shellcheck source=selftests/qemu/disk.sh
. /qemu/disk.sh
# shellcheck source=selftests/qemu/state.sh
. /qemu/state.sh
# shellcheck source=selftests/qemu/debugger.sh
. /qemu/debugger.sh

for device; do
	check "$device: module" become_kvm "$device"
	while read -r part; do
		"$part" "$device"
	done < /qemu/parts
	check "$device: module leaves" leave "$device"
done
tap_done
