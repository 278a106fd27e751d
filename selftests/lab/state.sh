#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# VMX operation on every CPU begins with the first VM and ends with the last,
# and CR4.VMXE is what the kernel believes it to be all along.
# shellcheck source=selftests/lab/tap.sh
. "$(dirname "$0")/tap.sh"

check "before the module: off" all_cpus "$VMX_OFF"
check "insmod" load
check "module loaded: off" all_cpus "$VMX_OFF"
check "first VM" hold vm
check "a VM exists: on" all_cpus "$VMX_ON"
check "second VM" "$SELFTESTS/tools/hold" try
check "second VM gone: still on" all_cpus "$VMX_ON"
check "first VM gone" release
check "no VM: off" all_cpus "$VMX_OFF"
check "a VM again" hold vcpu
check "on again" all_cpus "$VMX_ON"
kill -9 "$hold_pid"
release 2> /dev/null
check "its process killed: off" all_cpus "$VMX_OFF"
check "rmmod" unload
check "module gone: off" all_cpus "$VMX_OFF"
tap_done
