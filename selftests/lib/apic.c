// SPDX-License-Identifier: GPL-2.0-only
/* Behind vt_apic.h. */
#include <string.h>

#include "vt_apic.h"

bool vt_in_x2apic(const struct vt_vcpu *vcpu)
{
	return vcpu->run->apic_base & BASE_X2APIC;
}

void vt_enable_x2apic(struct vt_vcpu *vcpu)
{
	uint64_t base = vcpu->run->apic_base | BASE_X2APIC;

	if (!vt_try_wrmsr(vcpu, MSR_APIC_BASE, base) || !vt_in_x2apic(vcpu))
		vt_die("x2APIC mode cannot be turned on");
}

uint32_t vt_apic_read(struct vt_vcpu *vcpu, unsigned int offset)
{
	uint64_t value;

	if (!vt_in_x2apic(vcpu))
		return vt_read32(vcpu, VT_LAPIC + offset);
	if (!vt_try_rdmsr(vcpu, MSR_X2APIC(offset), &value))
		vt_die("RDMSR of APIC register %#x: #GP", offset);
	return value;
}

void vt_apic_write(struct vt_vcpu *vcpu, unsigned int offset, uint32_t value)
{
	if (!vt_in_x2apic(vcpu))
		vt_write32(vcpu, VT_LAPIC + offset, value);
	else if (!vt_try_wrmsr(vcpu, MSR_X2APIC(offset), value))
		vt_die("WRMSR of %#x to APIC register %#x: #GP", value, offset);
}

bool vt_apic_bit(struct vt_vcpu *vcpu, unsigned int base, uint8_t vector)
{
	return vt_apic_read(vcpu, base + vector / 32 * 16) >> vector % 32 & 1;
}

void vt_ipi(struct vt_vcpu *vcpu, uint32_t low, uint32_t dest)
{
	if (vt_in_x2apic(vcpu)) {
		if (!vt_try_wrmsr(vcpu, MSR_X2APIC(APIC_ICR), (uint64_t)dest << 32 | low))
			vt_die("WRMSR of %#x to ICR: #GP", low);
		return;
	}
	vt_write32(vcpu, VT_LAPIC + APIC_ICR2, dest << 24);
	vt_write32(vcpu, VT_LAPIC + APIC_ICR, low);
}

void vt_get_lapic(struct vt_vcpu *vcpu, struct kvm_lapic_state *state)
{
	long ret = VT_IOCTL(vcpu->fd, KVM_GET_LAPIC, state);

	if (ret)
		vt_die("KVM_GET_LAPIC: %s", strerror(-ret));
}

uint32_t vt_lapic_reg(const struct kvm_lapic_state *state, unsigned int offset)
{
	uint32_t value;

	memcpy(&value, state->regs + offset, sizeof(value));
	return value;
}

void vt_set_lapic_reg(struct kvm_lapic_state *state, unsigned int offset, uint32_t value)
{
	memcpy(state->regs + offset, &value, sizeof(value));
}

uint32_t vt_mp_state(struct vt_vcpu *vcpu)
{
	struct kvm_mp_state state;
	long ret = VT_IOCTL(vcpu->fd, KVM_GET_MP_STATE, &state);

	if (ret)
		vt_die("KVM_GET_MP_STATE: %s", strerror(-ret));
	return state.mp_state;
}

void vt_set_mp_state(struct vt_vcpu *vcpu, uint32_t mp_state)
{
	struct kvm_mp_state state = { mp_state };
	long ret = VT_IOCTL(vcpu->fd, KVM_SET_MP_STATE, &state);

	if (ret)
		vt_die("KVM_SET_MP_STATE %u: %s", mp_state, strerror(-ret));
}

long vt_msi(struct vt_vm *vm, uint32_t address, uint32_t data)
{
	struct kvm_msi msi = { .address_lo = address, .data = data };

	return VT_IOCTL(vm->fd, KVM_SIGNAL_MSI, &msi);
}
