#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What the main paths take, against what was recorded: a twentieth more, and two
# ticks for luck, is too much. The machine is that of the record.
# shellcheck source=selftests/lab/tap.sh
. "$(dirname "$0")/tap.sh"

record=$SELFTESTS/bench/record

# shellcheck disable=SC2317 # called by way of check
measure() {
	"$SELFTESTS/bench/bench" exits apic user memory life > /tmp/bench
}

# now NAME: the figure of GROUP|NAME in this run.
now() {
	grep -F "bench $1|" /tmp/bench | cut -d "|" -f 5
}

# shellcheck disable=SC2317 # called by way of check
within() {
	[ -n "$2" ] && [ "$2" -gt 0 ] && [ "$2" -le $(($1 + $1 / 20 + 2)) ]
}

check "insmod" load
check "the benchmark" measure
check "rmmod" unload
while IFS='|' read -r group name was; do
	case $group in
	\#*) continue ;;
	esac
	is=$(now "$group|$name")
	echo "# $group, $name: $is ticks, recorded $was"
	check "$group: $name" within "$was" "$is"
done < "$record"
tap_done
