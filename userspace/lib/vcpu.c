// SPDX-License-Identifier: GPL-2.0-only
/*
 * A virtual CPU: run it, read and write its state.
 */
#include "vellum.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static int vcpu_ioctl(const struct vellum_vcpu *vcpu, unsigned long cmd, const void *arg)
{
	int answer = ioctl(vcpu->fd, cmd, arg);

	return answer < 0 ? -errno : answer;
}

/**
 * vellum_vcpu_create() - KVM_CREATE_VCPU, and map what it shares
 * @dev: the device
 * @vm: the machine
 * @id: number of the vCPU
 * @vcpu: filled in
 *
 * Return: 0 or -errno.
 */
int vellum_vcpu_create(const struct vellum *dev, const struct vellum_vm *vm,
		       unsigned int id, struct vellum_vcpu *vcpu)
{
	int err;

	vcpu->id = id;
	vcpu->run = NULL;
	vcpu->fd = ioctl(vm->fd, KVM_CREATE_VCPU, (unsigned long)id);
	if (vcpu->fd < 0)
		return -errno;
	vcpu->run_size = dev->run_size;
	vcpu->run = mmap(NULL, vcpu->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED) {
		err = -errno;
		vcpu->run = NULL;
		vellum_vcpu_close(vcpu);
		return err;
	}
	return 0;
}

/**
 * vellum_vcpu_close() - unmap and close a vCPU
 * @vcpu: the vCPU; half made will do
 */
void vellum_vcpu_close(struct vellum_vcpu *vcpu)
{
	if (vcpu->run)
		munmap(vcpu->run, vcpu->run_size);
	vcpu->run = NULL;
	if (vcpu->fd >= 0)
		close(vcpu->fd);
	vcpu->fd = -1;
}

/**
 * vellum_vcpu_run() - KVM_RUN: let the guest run until this process is needed
 * @vcpu: the vCPU; &kvm_run.exit_reason says why it came back
 *
 * Return: 0, -EINTR after a signal, -EAGAIN, or another -errno.
 */
int vellum_vcpu_run(const struct vellum_vcpu *vcpu)
{
	return ioctl(vcpu->fd, KVM_RUN, 0) ? -errno : 0;
}

/**
 * vellum_vcpu_get_regs() - KVM_GET_REGS
 * @vcpu: the vCPU
 * @regs: filled in
 *
 * Return: 0 or -errno.
 */
int vellum_vcpu_get_regs(const struct vellum_vcpu *vcpu, struct kvm_regs *regs)
{
	return vcpu_ioctl(vcpu, KVM_GET_REGS, regs);
}

/**
 * vellum_vcpu_set_regs() - KVM_SET_REGS
 * @vcpu: the vCPU
 * @regs: what to set
 *
 * Return: 0 or -errno.
 */
int vellum_vcpu_set_regs(const struct vellum_vcpu *vcpu, const struct kvm_regs *regs)
{
	return vcpu_ioctl(vcpu, KVM_SET_REGS, regs);
}

/**
 * vellum_vcpu_get_sregs() - KVM_GET_SREGS
 * @vcpu: the vCPU
 * @sregs: filled in
 *
 * Return: 0 or -errno.
 */
int vellum_vcpu_get_sregs(const struct vellum_vcpu *vcpu, struct kvm_sregs *sregs)
{
	return vcpu_ioctl(vcpu, KVM_GET_SREGS, sregs);
}

/**
 * vellum_vcpu_set_sregs() - KVM_SET_SREGS
 * @vcpu: the vCPU
 * @sregs: what to set
 *
 * Return: 0 or -errno.
 */
int vellum_vcpu_set_sregs(const struct vellum_vcpu *vcpu, const struct kvm_sregs *sregs)
{
	return vcpu_ioctl(vcpu, KVM_SET_SREGS, sregs);
}

/**
 * vellum_vcpu_get_lapic() - KVM_GET_LAPIC
 * @vcpu: the vCPU
 * @lapic: filled in
 *
 * Return: 0 or -errno.
 */
int vellum_vcpu_get_lapic(const struct vellum_vcpu *vcpu, struct kvm_lapic_state *lapic)
{
	return vcpu_ioctl(vcpu, KVM_GET_LAPIC, lapic);
}

/**
 * vellum_vcpu_set_lapic() - KVM_SET_LAPIC
 * @vcpu: the vCPU
 * @lapic: what to set
 *
 * Return: 0 or -errno.
 */
int vellum_vcpu_set_lapic(const struct vellum_vcpu *vcpu, const struct kvm_lapic_state *lapic)
{
	return vcpu_ioctl(vcpu, KVM_SET_LAPIC, lapic);
}

/**
 * vellum_vcpu_get_fpu() - KVM_GET_FPU
 * @vcpu: the vCPU
 * @fpu: filled in
 *
 * Return: 0 or -errno.
 */
int vellum_vcpu_get_fpu(const struct vellum_vcpu *vcpu, struct kvm_fpu *fpu)
{
	return vcpu_ioctl(vcpu, KVM_GET_FPU, fpu);
}

/**
 * vellum_vcpu_set_fpu() - KVM_SET_FPU
 * @vcpu: the vCPU
 * @fpu: what to set
 *
 * Return: 0 or -errno.
 */
int vellum_vcpu_set_fpu(const struct vellum_vcpu *vcpu, const struct kvm_fpu *fpu)
{
	return vcpu_ioctl(vcpu, KVM_SET_FPU, fpu);
}

/**
 * vellum_vcpu_get_mp_state() - KVM_GET_MP_STATE
 * @vcpu: the vCPU
 * @state: set to a KVM_MP_STATE_*
 *
 * Return: 0 or -errno.
 */
int vellum_vcpu_get_mp_state(const struct vellum_vcpu *vcpu, uint32_t *state)
{
	struct kvm_mp_state mp = { 0 };
	int err = vcpu_ioctl(vcpu, KVM_GET_MP_STATE, &mp);

	*state = mp.mp_state;
	return err;
}

/**
 * vellum_vcpu_set_guest_debug() - KVM_SET_GUEST_DEBUG
 * @vcpu: the vCPU
 * @debug: what shall end in KVM_EXIT_DEBUG, and what to inject
 *
 * Return: 0 or -errno.
 */
int vellum_vcpu_set_guest_debug(const struct vellum_vcpu *vcpu,
				const struct kvm_guest_debug *debug)
{
	return vcpu_ioctl(vcpu, KVM_SET_GUEST_DEBUG, debug);
}

/**
 * vellum_vcpu_set_cpuid() - KVM_SET_CPUID2
 * @vcpu: the vCPU
 * @cpuid: what CPUID shall say
 *
 * Return: 0 or -errno.
 */
int vellum_vcpu_set_cpuid(const struct vellum_vcpu *vcpu, const struct kvm_cpuid2 *cpuid)
{
	return vcpu_ioctl(vcpu, KVM_SET_CPUID2, cpuid);
}

/* struct kvm_msrs ends in an array; one entry is enough here. */
struct one_msr {
	uint32_t nmsrs;
	uint32_t pad;
	struct kvm_msr_entry entry;
};

/**
 * vellum_vcpu_set_msr() - KVM_SET_MSRS of one register
 * @vcpu: the vCPU
 * @index: number of the MSR
 * @value: what to set
 *
 * Return: 0, -EINVAL when the register or the value is refused, or -errno.
 */
int vellum_vcpu_set_msr(const struct vellum_vcpu *vcpu, uint32_t index, uint64_t value)
{
	struct one_msr msr = { .nmsrs = 1, .entry = { .index = index, .data = value } };
	int done = vcpu_ioctl(vcpu, KVM_SET_MSRS, &msr);

	return done < 0 ? done : done == 1 ? 0 : -EINVAL;
}

/**
 * vellum_vcpu_get_msr() - KVM_GET_MSRS of one register
 * @vcpu: the vCPU
 * @index: number of the MSR
 * @value: filled in
 *
 * Return: 0, -EINVAL when there is no such register, or -errno.
 */
int vellum_vcpu_get_msr(const struct vellum_vcpu *vcpu, uint32_t index, uint64_t *value)
{
	struct one_msr msr = { .nmsrs = 1, .entry = { .index = index } };
	int done = vcpu_ioctl(vcpu, KVM_GET_MSRS, &msr);

	if (done == 1)
		*value = msr.entry.data;
	return done < 0 ? done : done == 1 ? 0 : -EINVAL;
}

/**
 * vellum_vcpu_tsc_khz() - KVM_GET_TSC_KHZ
 * @vcpu: the vCPU
 *
 * Return: the frequency in kHz, or -errno.
 */
int vellum_vcpu_tsc_khz(const struct vellum_vcpu *vcpu)
{
	return vcpu_ioctl(vcpu, KVM_GET_TSC_KHZ, NULL);
}

/**
 * vellum_vcpu_translate() - KVM_TRANSLATE: through the guest's page tables
 * @vcpu: the vCPU
 * @linear: a guest linear address
 * @out: filled in; &kvm_translation.valid says whether it is mapped
 *
 * Return: 0 or -errno.
 */
int vellum_vcpu_translate(const struct vellum_vcpu *vcpu, uint64_t linear,
			  struct kvm_translation *out)
{
	memset(out, 0, sizeof(*out));
	out->linear_address = linear;
	return vcpu_ioctl(vcpu, KVM_TRANSLATE, out);
}
