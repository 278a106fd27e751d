#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Reboot with the module loaded and a VM alive. INIT is blocked in VMX root
# operation, so a machine where VMX is left on can hang here. The machine
# reaches its firmware when the lab sees the reset; that is the test, and this
# script has nothing to say after it.
# shellcheck source=selftests/lab/tap.sh
. "$(dirname "$0")/tap.sh"

check "insmod" load
check "a VM with a vCPU" hold vcpu
check "VMX is on" all_cpus "$VMX_ON"
[ "$tap_failed" -eq 0 ] || tap_done
echo "1..$tap_count"
echo "# rebooting"
reboot -f
sleep 600
