// SPDX-License-Identifier: GPL-2.0-only
/* An interrupt descriptor table whose handlers tell the host what they caught. */
#include <string.h>

#include "vt.h"

#define GATE_PRESENT	0x80u
#define GATE_DPL3	0x60u
#define GATE_INTERRUPT	0x0eu

/* INT3, INTO and the vectors that are not exceptions may be called from ring 3. */
static uint64_t gate_type(unsigned int vector)
{
	bool user = vector == 3 || vector == 4 || vector >= 32;

	return GATE_PRESENT | GATE_INTERRUPT | (user ? GATE_DPL3 : 0);
}

/* SDM 3A, "IDT Descriptors" and "64-Bit Mode IDT". All below 4 GiB. */
static uint64_t gate(uint64_t to, uint64_t type)
{
	return (to & 0xffff) | (uint64_t)VT_SEL_CODE << 16 | type << 40 | (to >> 16) << 48;
}

void vt_set_gate(struct vt_vm *vm, unsigned int vector, uint64_t to)
{
	uint64_t *idt = (uint64_t *)(vm->mem + VT_IDT);

	idt[2 * vector] = gate(to, GATE_PRESENT | GATE_INTERRUPT);
	idt[2 * vector + 1] = 0;
}

void vt_catch(struct vt_vcpu *vcpu, enum vt_mode mode)
{
	struct vt_payload code = mode == VT_LONG ? VT_PAYLOAD(catch64) :
						   VT_PAYLOAD(catch32);
	uint64_t *idt = (uint64_t *)(vcpu->vm->mem + VT_IDT);

	if (mode < VT_FLAT32)
		vt_die("vt_catch: not made for 16-bit modes");
	memcpy(vcpu->vm->mem + VT_HANDLERS, code.start, code.end - code.start);
	memset(vcpu->vm->mem + VT_CAUGHT, 0, sizeof(struct vt_caught));
	for (unsigned int vector = 0; vector < 256; vector++) {
		uint64_t desc = gate(VT_HANDLERS + 16 * vector, gate_type(vector));

		if (mode == VT_LONG) {
			idt[2 * vector] = desc;
			idt[2 * vector + 1] = 0;
		} else {
			idt[vector] = desc;
		}
	}
}

const struct vt_caught *vt_caught(const struct vt_vcpu *vcpu)
{
	return (const struct vt_caught *)(vcpu->vm->mem + VT_CAUGHT);
}
