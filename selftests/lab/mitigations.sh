#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What the host does against speculation, VM entry and exit do as well: seen in the
# code as the kernel has patched it for this CPU.
# shellcheck source=selftests/lab/tap.sh
. "$(dirname "$0")/tap.sh"

BUGS=/sys/devices/system/cpu/vulnerabilities
TRACING=/sys/kernel/tracing

host() { grep -q "$2" "$BUGS/$1"; }

# Up to VMLAUNCH, and what comes after.
before() { echo "${CODE%%0f01c2*}"; }
after() { echo "${CODE#*0f01c2}"; }

# VERW of a memory operand, with no jump over it.
clears_buffers() { before | sed 's/eb..0f002d//g' | grep -q 0f002d; }

# A call over INT3 or the like, again and again: the return stack is filled.
fills_returns() { after | grep -qE 'e801000000(cc|f390)'; }

clears_history() { "$SELFTESTS/tools/livecode" vmx_enter_guest clear_bhb_loop; }

# WRMSR of IA32_PRED_CMD when another vCPU comes; and a note that user space is next,
# with no jump over it.
bars_predictions() { echo "$SECTION" | grep -qE 'b949000000.{0,40}0f30'; }
bars_before_user() { echo "$SECTION" | grep -qE '0f1f44000065c605........01'; }

# WRMSR of IA32_SPEC_CTRL when guest and host want different values, with no jump over it.
switches() { "$1" | grep -qE '6690488b87.{8}483b87.{8}74..8b87.{8}31d2b9480000000f30'; }

# flushes: how often the L1 data cache was emptied while a guest ran, which the host
# interrupts.
flushes() {
	echo "p:vlm_flush flush_l1d" >"$TRACING/kprobe_events"
	echo 1 >"$TRACING/events/kprobes/vlm_flush/enable"
	hold guest && usleep 100000
	release
	grep -c ' vlm_flush: ' "$TRACING/trace"
	echo 0 >"$TRACING/events/kprobes/vlm_flush/enable"
	echo >"$TRACING/kprobe_events"
}

# wanted SEEN-IN-BUGS PATTERN NAME COMMAND...: the command succeeds just when the host
# says so.
wanted() {
	wanted_bug=$1
	wanted_what=$2
	wanted_name=$3
	shift 3
	if host "$wanted_bug" "$wanted_what"; then
		check "$wanted_name" "$@"
	else
		check "not asked for here: $wanted_name" fails "$@"
	fi
}

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
if grep -qwE 'ibrs|stibp|ssbd' /proc/cpuinfo; then
	check "IA32_SPEC_CTRL becomes the guest's before VM entry" switches before
	check "and the host's after VM exit" switches after
else
	check "no IA32_SPEC_CTRL: the guest has none" fails switches before
fi
SECTION=$("$SELFTESTS/tools/livecode" vmx_speculation_section)
wanted spectre_v2 'IBPB: ' "IBPB: branch predictions of another vCPU are forgotten" bars_predictions
wanted spectre_v2 'KVM: SW loop' "BHI: the branch history is cleared after VM exit" clears_history
wanted vmscape 'IBPB before exit' "VMSCAPE: a barrier before user space runs" bars_before_user
flushed=$(flushes)
note "flush_l1d: $flushed"
wanted l1tf 'Mitigation' "L1TF: the L1 data cache is emptied" [ "$flushed" -gt 0 ]
check "unload" unload
tap_done
