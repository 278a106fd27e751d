#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The reader of lab consoles must not take a failure for a pass: consoles made
# by hand go in, the counts that must come out are known.
set -u
report=$(cd "$(dirname "$0")/.." && pwd)/report
number=0
failed=0

# try NAME WANTED CONSOLE [OPTION...] [-- TEST...]
try() {
	local name=$1 wanted=$2 console=$3 options=() tests=(a) seen
	shift 3
	while [ $# -gt 0 ]; do
		if [ "$1" = -- ]; then
			shift
			tests=("$@")
			break
		fi
		options+=("$1")
		shift
	done
	seen=$(printf '%b' "$console" | "$report" "${options[@]}" tag "${tests[@]}" 3>&1 > /dev/null)
	number=$((number + 1))
	if [ "$seen" = "$wanted" ]; then
		echo "ok $number $name"
	else
		echo "# wanted $wanted, seen $seen"
		echo "not ok $number $name"
		failed=1
	fi
}

good='@@ begin a\n1..2\nok 1 x\nok 2 y\n@@ end a 0\n'
try "all pass" "2 0 0" "$good@@ lab 0\n"
try "plan at the end" "1 0 0" '@@ begin a\nok 1 x\n1..1\n@@ end a 0\n@@ lab 0\n'
try "carriage returns" "1 0 0" '@@ begin a\r\n1..1\r\nok 1 x\r\n@@ end a 0\r\n@@ lab 0\r\n'
try "one fails" "1 1 0" '@@ begin a\n1..2\nok 1 x\nnot ok 2 y\n@@ end a 1\n@@ lab 1\n'
try "skip is not a pass" "1 0 1" '@@ begin a\n1..2\nok 1 # SKIP why\nok 2 y\n@@ end a 0\n@@ lab 0\n'
try "all skipped" "0 0 1" '@@ begin a\n1..0\n@@ end a 4\n@@ lab 0\n'
try "plan not kept" "1 1 0" '@@ begin a\n1..2\nok 1 x\n@@ end a 0\n@@ lab 0\n'
try "no plan" "1 1 0" '@@ begin a\nok 1 x\n@@ end a 0\n@@ lab 0\n'
try "silent" "0 1 0" '@@ begin a\n@@ end a 0\n@@ lab 0\n'
try "bad status, all lines good" "2 1 0" '@@ begin a\n1..2\nok 1 x\nok 2 y\n@@ end a 1\n@@ lab 1\n'
try "out of time" "1 2 0" '@@ begin a\n1..2\nok 1 x\n@@ end a 143\n@@ lab 1\n'
try "the kernel complains" "2 1 0" '@@ begin a\n1..2\nok 1 x\nok 2 y\n@@ complaint\n@@ end a 1\n@@ lab 1\n'
try "host gone in a test" "1 2 0" '@@ begin a\n1..2\nok 1 x\n@@ lab 124\n'
try "host gone before a test" "2 1 0" "$good@@ lab 124\n" -- a b
try "nothing at all" "0 1 0" ''
try "lab complains at the end" "2 1 0" "$good@@ lab 125\n"
try "lab gives no status" "2 1 0" "$good"
try "output of another test" "2 0 0" "ok 1 stray\n$good@@ lab 0\n"
try "reset as wanted" "2 0 0" '@@ begin a\nok 1 x\n1..1\n@@ lab 0\n' --reset
try "reset wanted, test ended" "1 1 0" '@@ begin a\nok 1 x\n1..1\n@@ end a 0\n@@ lab 0\n' --reset
try "reset wanted, lab failed" "1 1 0" '@@ begin a\nok 1 x\n1..1\n@@ lab 124\n' --reset
try "reset not wanted" "1 1 0" '@@ begin a\nok 1 x\n1..1\n@@ lab 0\n'
try "reset before its checks" "1 1 0" '@@ begin a\nok 1 x\n@@ lab 0\n' --reset

echo "1..$number"
exit $failed
