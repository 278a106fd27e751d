#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Each rule of selftests/lint finds what it is there to find, in a tree made for
# that, and is content with a tree that is in order.
set -u
lint=$(cd "$(dirname "$0")/../lint" && pwd)
export LINT_SOURCE=$lint/../../build/linux-source
"$lint/../fetch" || exit 1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cd "$tree" || exit 1
git init -q .
number=0
failed=0

# file PATH LINE...: a file with these lines.
file() {
	local path=$1
	shift
	mkdir -p "$(dirname "$path")"
	printf '%s\n' "$@" > "$path"
}

result() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number $2"
	else
		echo "not ok $number $2"
		failed=1
	fi
}

# finds RULE TEXT: the rule complains, and the complaint has this text.
finds() {
	local seen
	local status=0
	seen=$("$lint/$1" 2>&1) || status=$?
	if [ "$status" = 1 ] && [[ $seen == *"$2"* ]]; then
		result 0 "$1 finds: $2"
	else
		echo "# the rule $1 said: $seen"
		result 1 "$1 finds: $2"
	fi
	rm -rf module uapi selftests lab docs
}

silent() {
	local seen
	if seen=$("$lint/$1" 2>&1) && [ -z "$seen" ]; then
		result 0 "$1 is silent on a good tree"
	else
		echo "# the rule $1 said: $seen"
		result 1 "$1 is silent on a good tree"
	fi
}

C='// SPDX-License-Identifier: GPL-2.0-only'

file module/ept/walk.c "$C" '/* vmread is only named here */' '#include "vmx/vmx.h"' 'int walk;'
file module/vmx/insn.c "$C" '/* SDM 3C, "VMX Instruction Reference" */' 'void f(void) { asm("vmread"); }'
for rule in layers comments size skips; do
	silent $rule
done
rm -rf module

file lab/help.txt 'make            build' 'make bench      figures' 'make test-all   all'
file Makefile '.PHONY: bench test-all' 'bench:' '	@run'
finds targets "names test-all"
rm Makefile

file module/ept/walk.c "$C" 'void f(void) { asm volatile("invept %0, %1"); }'
finds layers "module/ept/walk.c:2"
file module/exits/io.c "$C" 'int f(void) { return vmcs_read32(1); }'
finds layers "module/exits/io.c:2"
file module/irq/pic.c "$C" '#include "vmx/vmcs.h"'
finds layers "only vmx/vmx.h"
file module/mem/slot.c "$C" '#include "../vmx/root.h"'
finds layers "only vmx/vmx.h"
file module/emul/decode.c "$C" '#include <linux/types.h>' '#include <linux/slab.h>'
finds layers "module/emul/decode.c:3"
file module/core/vm.c "$C" '#include <linux/kvm_host.h>'
finds layers "internals"
file module/vmx/a.c "$C" '/* SDM 3C, section 27.2 */'
finds comments "without numbers"
file module/vmx/a.c "$C" '/* SDM Vol 3, Chapter 24 */'
finds comments "without numbers"
file module/vmx/a.c "$C" '/* SDM 28.3.2 */'
finds comments "without numbers"
file module/vmx/a.c "$C" '/* TODO: later */'
finds comments "open ends"
file module/vmx/a.c 'int a;'
finds comments "no SPDX line"
file uapi/vellum.h '/* SPDX-License-Identifier: GPL-2.0-only */'
finds comments "syscall note"
file module/core/vm.c "$C" "$(seq 700)"
finds size "701 lines"
file module/core/vm.c "$C" 'static int long_one(int a)' '{' "$(seq 61)" '}'
finds size "long_one has 61 lines"
file selftests/a.c "$C" 'FIXTURE_SETUP(a)' '{' '	SKIP(return, "none");' '}'
finds skips "selftests/a.c:4"
file docs/abi.md '| KVM_RUN | **done** | |'
finds abi "KVM_RUN is called answered"
file docs/abi.md '| KVM_CAP_HLT | 0 | |'
finds abi "KVM_CAP_IRQCHIP of <linux/kvm.h> is missing"
file docs/abi.md '| KVM_RUN | no | |'
file module/core/ioctl_vcpu.c "$C" "$(printf '\t{ KVM_RUN, 0, vcpu_run },')"
finds abi "KVM_RUN is called not answered"
file docs/abi.md '| KVM_CAP_HLT | **1** | |'
file module/core/caps.c "$C" "$(printf '\t{ KVM_CAP_HLT, 1 },\n\t{ KVM_CAP_IRQCHIP, 1 },')"
finds abi "KVM_CAP_IRQCHIP has a row in the module"
T=module/exits/dispatch.c
file docs/exits.md '| 12 | HLT | handled | nop | insn.c | none |'
file module/exits/insn.c "$C" 'int exit_nop(int a) { return a; }' 'int exit_hlt(int a) { return a; }'
file $T "$C" "$(printf '\t[EXIT_REASON_HLT] = ROW(hlt, 0),')"
finds exits "reason 12 has the handler hlt, not nop"
file docs/exits.md '| 12 | HLT | handled | nop | insn.c | none |'
file module/exits/insn.c "$C" 'int exit_nop(int a) { return a; }'
file $T "$C" "$(printf '\t[EXIT_REASON_HLT ... 13] = ROW(nop, 0),')"
finds exits "reason 13, with exit_nop(), is missing"
file docs/exits.md '| 12 | HLT | handled | nop | insn.c | none |'
file module/exits/io.c "$C" 'int exit_nop(int a) { return a; }'
file $T "$C" "$(printf '\t[EXIT_REASON_HLT] = ROW(nop, 0),')"
finds exits "module/exits/insn.c has no exit_nop()"
file docs/exits.md '| 12 | HLT | handled | nop | insn.c | vcpu/missing |'
file module/exits/insn.c "$C" 'int exit_nop(int a) { return a; }'
file $T "$C" "$(printf '\t[EXIT_REASON_HLT] = ROW(nop, 0),')"
finds exits "there is no test vcpu/missing"
# shellcheck disable=SC2016 # a mistake on purpose
file lab/bad '#!/bin/bash' 'rm $1'
finds shell "SC2086"
file module/core/vm.h "$C" '/**' ' * f() - does' ' * @b: wrong name' ' */' 'int f(int a);'
finds kerneldoc "module/core/vm.h"
file module/core/vm.h "$C" '/**' ' * struct vm - one' ' * @a: said' ' */' 'struct vm { int a; int b; };'
finds kerneldoc "'b' not described in 'vm'"
file module/core/vm.c "$C" 'int f(void)' '{' '        return (0) ;' '}'
finds checkpatch "module/core/vm.c:4"
file selftests/host/a.c "$C" 'int f( void ) {' '	return 0;' '}'
finds checkpatch "selftests/host/a.c:2"

echo "1..$number"
exit $failed
