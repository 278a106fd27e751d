// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's time-stamp counter: offset, frequency, and writes to it.
 */
#include "../vellum.h"

#include <linux/errno.h>
#include <linux/kvm.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/uaccess.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "../core/vcpu.h"
#include "../irq/lapic.h"
#include "msr_ops.h"

#define FRACTION_BITS	48	/* SDM 3C, "Guest TSC multiplier" */
#define UNSCALED	BIT_ULL(FRACTION_BITS)

/* Frequencies that differ by less than this many parts per million are one. */
#define TOLERANCE_PPM	250

static u64 scale(u64 multiplier, u64 tsc)
{
	return multiplier == UNSCALED ? tsc : mul_u64_u64_shr(tsc, multiplier, FRACTION_BITS);
}

static void apply(struct vlm_vcpu *vcpu)
{
	struct vlm_x86 *x86 = &vcpu->x86;

	x86->tsc_offset = x86->tsc.guest - scale(x86->tsc_multiplier, x86->tsc.host);
	vmx_set_tsc(vcpu, x86->tsc_offset, x86->tsc_multiplier);
	vlm_lapic_tsc_changed(vcpu);
	vlm_request(vcpu, VLM_REQ_CLOCK);
}

u64 vlm_guest_tsc_at(struct vlm_vcpu *vcpu, u64 host)
{
	return scale(vcpu->x86.tsc_multiplier, host) + vcpu->x86.tsc_offset;
}

u64 vlm_guest_tsc(struct vlm_vcpu *vcpu)
{
	return vlm_guest_tsc_at(vcpu, rdtsc());
}

u64 vlm_guest_tsc_hz(struct vlm_vcpu *vcpu)
{
	return scale(vcpu->x86.tsc_multiplier, (u64)tsc_khz * 1000);
}

bool vlm_tsc_in_step(struct vlm_vm *vm)
{
	u64 multiplier = 0;
	struct vlm_vcpu *vcpu;
	unsigned long index;

	lockdep_assert_held(&vm->lock);
	vlm_vm_for_each_vcpu(vm, index, vcpu) {
		if (!multiplier)
			multiplier = READ_ONCE(vcpu->x86.tsc_multiplier);
		if (READ_ONCE(vcpu->x86.tsc_multiplier) != multiplier ||
		    READ_ONCE(vcpu->x86.tsc_gen) != vm->tsc.gen)
			return false;
	}
	return true;
}

/* The guest moved its own count, away from the siblings'. */
static void move(struct vlm_vcpu *vcpu, u64 delta)
{
	if (!delta)
		return;
	vcpu->x86.tsc.guest += delta;
	WRITE_ONCE(vcpu->x86.tsc_gen, 0);
	apply(vcpu);
}

u64 vlm_ns_until(struct vlm_vcpu *vcpu, u64 tsc)
{
	u64 now = vlm_guest_tsc(vcpu);

	return tsc <= now ? 0 : mul_u64_u32_div(tsc - now, 1000000, vcpu->x86.tsc_khz) + 1;
}

u64 vlm_host_tsc_at(struct vlm_vcpu *vcpu, u64 tsc)
{
	u64 multiplier = vcpu->x86.tsc_multiplier;
	u64 now = rdtsc(), guest = scale(multiplier, now) + vcpu->x86.tsc_offset;

	if (tsc <= guest)
		return now;
	if (multiplier == UNSCALED)
		return now + (tsc - guest);
	return now + mul_u64_u64_div_u64(tsc - guest, UNSCALED, multiplier) + 1;
}

u64 vlm_host_tsc_in(u64 ns)
{
	return rdtsc() + mul_u64_u32_div(ns, tsc_khz, 1000000) + 1;
}

/*
 * The siblings' count, when @value is what it may be about now.  A vCPU at
 * another frequency may share their starting point too; it has to when each of
 * them is made, slowed down and set to 0 in turn.
 */
static bool matches(struct vlm_vcpu *vcpu, const struct vlm_tsc_sync *sync, u64 now, u64 value)
{
	struct vlm_x86 *x86 = &vcpu->x86;
	u64 second = (u64)x86->tsc_khz * 1000;
	u64 expected;

	if (!sync->gen)
		return false;
	/* Zero is what a CPU starts with, however late it was made. */
	if (!value)
		return true;
	expected = sync->pair.guest + scale(x86->tsc_multiplier, now) -
		   scale(x86->tsc_multiplier, sync->pair.host);
	return value + second > expected && value < expected + second;
}

static void synchronize(struct vlm_vcpu *vcpu, u64 value)
{
	struct vlm_tsc_sync *sync = &vcpu->vm->tsc;
	u64 now = rdtsc_ordered();

	mutex_lock(&vcpu->vm->lock);
	if (!matches(vcpu, sync, now, value)) {
		sync->pair.host = now;
		sync->pair.guest = value;
		sync->gen++;
	}
	vcpu->x86.tsc = sync->pair;
	WRITE_ONCE(vcpu->x86.tsc_gen, sync->gen);
	mutex_unlock(&vcpu->vm->lock);
}

void vlm_set_guest_tsc(struct vlm_vcpu *vcpu, u64 value)
{
	synchronize(vcpu, value);
	apply(vcpu);
}

/* The very offset of the siblings is the same count; any other begins one. */
static void set_offset(struct vlm_vcpu *vcpu, u64 offset)
{
	struct vlm_tsc_sync *sync = &vcpu->vm->tsc;
	u64 multiplier = vcpu->x86.tsc_multiplier;

	mutex_lock(&vcpu->vm->lock);
	if (!sync->gen || sync->pair.guest - scale(multiplier, sync->pair.host) != offset) {
		sync->pair.host = rdtsc_ordered();
		sync->pair.guest = scale(multiplier, sync->pair.host) + offset;
		sync->gen++;
	}
	vcpu->x86.tsc = sync->pair;
	WRITE_ONCE(vcpu->x86.tsc_gen, sync->gen);
	mutex_unlock(&vcpu->vm->lock);
	apply(vcpu);
}

long vlm_tsc_attr(struct vlm_vcpu *vcpu, const struct kvm_device_attr *attr, enum vlm_attr what)
{
	u64 __user *user = u64_to_user_ptr(attr->addr);
	u64 offset;

	if (attr->group != KVM_VCPU_TSC_CTRL || attr->attr != KVM_VCPU_TSC_OFFSET)
		return -ENXIO;
	if (attr->flags)
		return -EINVAL;
	switch (what) {
	case VLM_ATTR_GET:
		return put_user(vcpu->x86.tsc_offset, user);
	case VLM_ATTR_SET:
		if (get_user(offset, user))
			return -EFAULT;
		set_offset(vcpu, offset);
		break;
	case VLM_ATTR_HAS:
		break;
	}
	return 0;
}

void vlm_tsc_create(struct vlm_vcpu *vcpu)
{
	struct vlm_x86 *x86 = &vcpu->x86;

	x86->tsc_khz = tsc_khz;
	x86->tsc_multiplier = UNSCALED;
	synchronize(vcpu, 0);
	/* Not apply(): there is no VMCS yet, it takes the offset when it is made. */
	x86->tsc_offset = x86->tsc.guest - x86->tsc.host;
}

static bool within_tolerance(unsigned long khz)
{
	u64 slack = div_u64((u64)tsc_khz * TOLERANCE_PPM, 1000000);

	return khz >= tsc_khz - slack && khz <= tsc_khz + slack;
}

long vlm_set_tsc_khz(struct vlm_vcpu *vcpu, unsigned long khz)
{
	struct vlm_x86 *x86 = &vcpu->x86;
	u64 multiplier = UNSCALED;

	if (!khz)
		khz = tsc_khz;
	/* More could not be told from an error when it is asked for. */
	if (khz > S32_MAX)
		return -EINVAL;
	if (!within_tolerance(khz)) {
		/* The multiplier has 16 bits before the point. */
		if (!vmx_tsc_scales() || (khz >> 16) >= tsc_khz)
			return -EINVAL;
		multiplier = mul_u64_u64_div_u64(UNSCALED, khz, tsc_khz);
		if (!multiplier)
			return -EINVAL;
	}
	/* The count goes on from the same moment, at another pace. */
	x86->tsc_khz = khz;
	WRITE_ONCE(x86->tsc_multiplier, multiplier);
	apply(vcpu);
	return 0;
}

MSR_READER(vlm_tsc_msr_read)
{
	*value = vlm_guest_tsc(vcpu);
	return 0;
}

/* SDM 3B, "IA32_TSC_ADJUST MSR": a write to either moves the other along. */
MSR_WRITER(vlm_tsc_msr_write)
{
	if (host) {
		vlm_set_guest_tsc(vcpu, value);
	} else {
		u64 delta = value - vlm_guest_tsc(vcpu);

		vcpu->x86.tsc_adjust += delta;
		move(vcpu, delta);
	}
	return 0;
}

/* User space restores the two one by one, so for it they are independent. */
MSR_WRITER(vlm_tsc_adjust_write)
{
	if (!host)
		move(vcpu, value - vcpu->x86.tsc_adjust);
	vcpu->x86.tsc_adjust = value;
	return 0;
}
