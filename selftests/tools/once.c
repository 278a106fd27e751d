// SPDX-License-Identifier: GPL-2.0-only
/*
 * once: make a VM on the device, run two guest instructions, and check that the
 * guest did them. Proves that VMX works after somebody else has used it.
 */
#include <stdio.h>

#include "vt.h"

int main(void)
{
	static const uint8_t code[] = {
		0x05, 0x23, 0x01,	/* add $0x123, %ax */
		0xf4,			/* hlt */
	};
	struct kvm_regs regs;
	struct vt_vcpu vcpu;
	struct vt_vm vm;

	vt_vm_create(&vm);
	vt_vcpu_create(&vm, &vcpu, 0);
	vt_start(&vcpu, VT_REAL, (struct vt_payload){ code, code + sizeof(code) });
	vt_get_regs(&vcpu, &regs);
	regs.rax = 0x1000;
	vt_set_regs(&vcpu, &regs);
	vt_run_to(&vcpu, KVM_EXIT_HLT);
	vt_get_regs(&vcpu, &regs);
	if (regs.rax != 0x1123) {
		fprintf(stderr, "once: the guest's AX is %#llx, not 0x1123\n", regs.rax);
		return 1;
	}
	vt_vcpu_destroy(&vcpu);
	vt_vm_destroy(&vm);
	return 0;
}
