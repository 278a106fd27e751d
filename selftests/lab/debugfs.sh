#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# debugfs: each VM has a file of its statistics, for as long as it lives.
# shellcheck source=selftests/lab/tap.sh
. "$(dirname "$0")/tap.sh"

DIR=/sys/kernel/debug/vellum

# value NAME: of the VM that hold made.
value() {
	awk -v name="$1" '$1 == name { print $2 }' "$DIR/$file"
}

# shellcheck disable=SC2317 # called by way of check
sums_up() {
	awk '/^exit_/ { sum += $2 } $1 == "exits" { all = $2 }
	     END { exit !(sum && sum == all) }' "$DIR/$file"
}

# shellcheck disable=SC2317 # called by way of check
files() {
	equal "$1" "$(find "$DIR" -type f | wc -l)"
}

# Readers all the while that VMs come and go.
# shellcheck disable=SC2317 # called by way of check
come_and_go() {
	while :; do
		cat "$DIR"/* > /dev/null 2>&1
	done &
	reader=$!
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		VELLUM_DEV=/dev/vellum "$SELFTESTS/tools/hold" try || return 1
	done
	kill "$reader"
	wait "$reader" 2> /dev/null
	return 0
}

check "insmod" load
check "the folder is there" test -d $DIR
check "no VM, no file" files 0
check "a VM" hold guest
file=$(ls $DIR)
check "has one" files 1
check "named by its process" contains "$file" "$hold_pid-"
check "for root alone" equal 400 "$(stat -c %a "$DIR/$file")"
check "its vCPUs" equal 1 "$(value vcpus)"
check "its memory" test "$(value ept_tables)" -gt 0
before=$(value exits)
counted > /dev/null
check "its exits" test "${before:-0}" -gt 0 -a "$(value exits)" -gt "${before:-0}"
kill -STOP "$hold_pid"
usleep 100000
check "by reason, with no other" sums_up
kill -CONT "$hold_pid"
exec 8< "$DIR/$file"
check "the VM goes" release
check "and the file" files 0
check "who has it open reads nothing of it" fails sh -c 'cat <&8 2> /dev/null'
exec 8<&-
check "VMs come and go under readers" come_and_go
check "nothing is left" files 0
check "rmmod" unload
check "and no folder" fails test -e $DIR
tap_done
