#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# events.sh SECONDS: what a host does while VMs are busy: a CPU goes and comes back, the
# module is to be unloaded, the time of day jumps, caches are dropped, memory is moved.
CPU=/sys/devices/system/cpu/cpu1/online
end=$(($(cut -d. -f 1 /proc/uptime) + $1))
n=0

jump() {
	date -s "@$(($(date +%s) + $1))" >/dev/null
}

# Held open from here on: nobody may take the module away.
exec 8</dev/vellum || exit 1
while [ "$(cut -d. -f 1 /proc/uptime)" -lt "$end" ]; do
	if rmmod vellum 2>/dev/null; then
		echo "not ok 900 the module went while it was in use"
		exit 1
	fi
	case $((n % 6)) in
	0) [ ! -e $CPU ] || echo 0 >$CPU ;;
	1) [ ! -e $CPU ] || echo 1 >$CPU ;;
	2) jump 86400 ;;
	3) jump -172800 ;;
	4) echo 3 >/proc/sys/vm/drop_caches ;;
	5) echo 1 >/proc/sys/vm/compact_memory ;;
	esac
	n=$((n + 1))
	sleep 1
done
[ ! -e $CPU ] || echo 1 >$CPU
echo "# figure events $n"
echo "ok 900 $n events of the host, the module stayed"
