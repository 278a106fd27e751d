#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# inside.sh PROGRAM [ARG...]: one program of hard/ in the lab host: load the module,
# run, unload, and look for memory that nobody points to any more. Marked lines are
# for selftests/hard/run.
here=$(cd "$(dirname "$0")" && pwd)
program=$1
shift
LEAKS=/sys/kernel/debug/kmemleak

# The file is there, too, when it does not look.
looks_for_leaks() { grep -q kmemleak=on /proc/cmdline; }

insmod /lib/vellum/vellum.ko || exit 1
if looks_for_leaks; then
	echo clear >$LEAKS
fi
# A watchdog would find the host busy with itself, so this is not for the guests.
events=
if [ "$program" = fuzz ]; then
	"$here/events.sh" "$HARD_SECONDS" &
	events=$!
fi
HARD_SECONDS=$HARD_SECONDS HARD_SEED=$HARD_SEED VELLUM_DEV=/dev/vellum "$here/$program" "$@"
status=$?
[ -z "$events" ] || wait "$events" || status=1
# Memory that is not to be had is an errno, which needs no report in the log.
if dmesg | grep -q '^\[[^]]*\] Mem-Info:'; then
	echo "not ok 901 the kernel reports an allocation that failed"
	status=1
fi
users=$(cat /sys/module/vellum/refcnt)
echo "# figure users $users"
[ "$users" = 0 ] || status=1

# What is found must be without an owner twice: it may be on its way to a list.
if looks_for_leaks; then
	sleep 1
	for _ in 1 2; do
		echo scan >$LEAKS
		sleep 6
	done
	count=$(grep -c '^unreferenced' $LEAKS)
	sed 's/^/# /' $LEAKS | head -n 60
	echo "# figure leaks $count"
	[ "$count" = 0 ] || status=1
fi
rmmod vellum || status=1
exit $status
