#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What the host does against speculation, VM entry and exit do as well: seen in the
# code as the kernel has patched it for this CPU.
# shellcheck source=selftests/lab/tap.sh
. "$(dirname "$0")/tap.sh"

BUGS=/sys/devices/system/cpu/vulnerabilities

host() { grep -q "$2" "$BUGS/$1"; }

# Up to VMLAUNCH, and what comes after.
before() { echo "${CODE%%0f01c2*}"; }
after() { echo "${CODE#*0f01c2}"; }

# VERW of a memory operand, with no jump over it.
clears_buffers() { before | sed 's/eb..0f002d//g' | grep -q 0f002d; }

# A call over INT3 or the like, again and again: the return stack is filled.
fills_returns() { after | grep -qE 'e801000000(cc|f390)'; }


clears_registers() { after | grep -q 31c031c931d24531c04531c94531d24531db; }

check "insmod" load
CODE=$("$SELFTESTS/tools/livecode" vmx_enter_guest)
check "the code can be read" [ -n "$CODE" ]
check "no guest register stays" clears_registers
if host mds 'Clear CPU buffers' || host tsx_async_abort 'Clear CPU buffers'; then
	check "MDS, TAA: buffers are cleared before VM entry" clears_buffers
else
	check "no MDS: buffers are not cleared" fails clears_buffers
fi
if host spectre_v2 'RSB filling\|RSB'; then
	check "Spectre v2: the return stack is filled after VM exit" fills_returns
fi
check "unload" unload
tap_done
