#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The VM-entry doctor against the CPU: entrytry.ko shows states to both, and both
# must say the same.
# shellcheck source=selftests/lab/tap.sh
. "$(dirname "$0")/tap.sh"

note "$(uname -r)"
check "entrytry loads" insmod /lib/vellum/entrytry.ko
"$SELFTESTS/doctor/try" "${STATES:-20000}" | grep -v -e '^[0-9.]*$' -e '^1\.\.' > /tmp/try
grep '^#' /tmp/try
check "the CPU and the doctor agree" fails grep -q -e '^not ok' -e '^Bail' /tmp/try
check "all of it was run" equal 3 "$(grep -c '^ok' /tmp/try)"
check "entrytry goes" rmmod entrytry
check "VMX is off" all_cpus "$VMX_OFF"
tap_done
