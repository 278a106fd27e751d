// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's paravirtual clock.
 */
#include "../vellum.h"

#include <linux/errno.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/timekeeping.h>
#include <asm/cpufeature.h>
#include <asm/kvm_para.h>
#include <asm/msr.h>
#include <asm/pvclock.h>
#include <asm/tsc.h>

#include "../core/vcpu.h"
#include "msr_ops.h"

static bool host_tsc_good(void)
{
	return boot_cpu_has(X86_FEATURE_CONSTANT_TSC) && !check_tsc_unstable();
}

/* It changes with each suspend, and then the TSC may have begun anew. */
static u64 boot_offset(void)
{
	return ktime_to_ns(ktime_mono_to_any(0, TK_OFFS_BOOT));
}

/*
 * Whatever counter the host's clock runs on, its value is in the snapshot.  No
 * field says on each kernel that it is the TSC; but a value between two that the
 * TSC had before and after is as good as the TSC's own.
 */
static void read_moment(struct vlm_moment *m)
{
	struct system_time_snapshot snap;
	u64 before, after;

	preempt_disable();
	before = rdtsc_ordered();
	ktime_get_snapshot(&snap);
	after = rdtsc_ordered();
	preempt_enable();

	m->exact = snap.cycles - before <= after - before;
	m->tsc = m->exact ? snap.cycles : before + (after - before) / 2;
	m->base = ktime_to_ns(snap.raw) + boot_offset();
	m->real = ktime_to_ns(snap.real);
}

/* Nanoseconds a tick: a fraction of 32 bits whose highest is set, and a shift. */
static void time_scale(u64 hz, u32 *mul, s8 *shift)
{
	u64 ns = NSEC_PER_SEC;
	int s = 0;

	for (; hz <= ns; hz <<= 1)
		s++;
	for (; ns << 1 < hz; ns <<= 1)
		s--;
	*mul = mul_u64_u64_div_u64(ns, BIT_ULL(32), hz);
	*shift = s;
}

static u64 host_ticks_to_ns(u64 ticks)
{
	s8 shift;
	u32 mul;

	time_scale((u64)tsc_khz * 1000, &mul, &shift);
	return pvclock_scale_delta(ticks, mul, shift);
}

/* The guest's clock at a moment. */
static u64 clock_at(const struct vlm_clock *c, const struct vlm_moment *m)
{
	if (!c->good)
		return m->base + c->offset;
	return c->pair.base + host_ticks_to_ns(m->tsc - c->pair.tsc) + c->offset;
}

static void take_pair(struct vlm_clock *c)
{
	c->good = host_tsc_good();
	c->boot = boot_offset();
	read_moment(&c->pair);
}

void vlm_clock_init(struct vlm_vm *vm)
{
	take_pair(&vm->clock);
	vm->clock.offset = -vm->clock.pair.base;
}

/*
 * All vCPUs leave the guest, and cannot enter it without the lock, which we hold:
 * so none reads the old time while another has the new.
 */
static void hold_vcpus(struct vlm_vm *vm)
{
	lockdep_assert_held(&vm->lock);
	vlm_vm_request_sync(vm, VLM_REQ_CLOCK);
}

/* Bring the VM's clock in line with the host's TSC, and with the vCPUs'. */
static void settle(struct vlm_vm *vm)
{
	struct vlm_clock *c = &vm->clock;
	bool again = c->good != host_tsc_good() || c->boot != boot_offset();
	bool stable;

	if (again) {
		hold_vcpus(vm);
		take_pair(c);
	}
	stable = c->good && vlm_tsc_in_step(vm);
	if (stable != c->stable) {
		hold_vcpus(vm);
		c->stable = stable;
	}
}

bool vlm_clock_stale(struct vlm_vcpu *vcpu)
{
	const struct vlm_clock *c = &vcpu->vm->clock;

	if (!(vcpu->pv.clock_msr & KVM_MSR_ENABLED))
		return false;
	return !READ_ONCE(c->good) || !host_tsc_good() || READ_ONCE(c->boot) != boot_offset();
}

static void write_page(struct vlm_vcpu *vcpu, struct pvclock_vcpu_time_info *info)
{
	gpa_t gpa = vcpu->pv.clock_msr & ~(u64)KVM_MSR_ENABLED;
	struct pvclock_vcpu_time_info old;

	/* What is no memory, or is none any more, has no clock. */
	if (vlm_mem_read(vcpu->vm, gpa, &old, sizeof(old)))
		return;
	/* The guest takes this one back itself, once it has seen it. */
	info->flags |= old.flags & PVCLOCK_GUEST_STOPPED;
	if (vcpu->pv.clock_stopped)
		info->flags |= PVCLOCK_GUEST_STOPPED;
	if (!vlm_pv_publish(vcpu->vm, gpa, info, sizeof(*info), &info->version))
		vcpu->pv.clock_stopped = false;
}

static void update_page(struct vlm_vcpu *vcpu)
{
	struct pvclock_vcpu_time_info info = {};
	struct vlm_vm *vm = vcpu->vm;
	struct vlm_moment m;

	mutex_lock(&vm->lock);
	settle(vm);
	if (vm->clock.good) {
		m = vm->clock.pair;
		vcpu->pv.clock_cpu = 0;
	} else {
		preempt_disable();
		read_moment(&m);
		vcpu->pv.clock_cpu = smp_processor_id() + 1;
		preempt_enable();
	}
	info.system_time = m.base + vm->clock.offset;
	if (vm->clock.stable)
		info.flags = PVCLOCK_TSC_STABLE_BIT;
	mutex_unlock(&vm->lock);

	if (!(vcpu->pv.clock_msr & KVM_MSR_ENABLED))
		return;
	info.tsc_timestamp = vlm_guest_tsc_at(vcpu, m.tsc);
	time_scale(vlm_guest_tsc_hz(vcpu), &info.tsc_to_system_mul, &info.tsc_shift);
	write_page(vcpu, &info);
}

/* The wall clock when the guest's clock was 0. */
static void write_wall(struct vlm_vcpu *vcpu)
{
	struct vlm_vm *vm = vcpu->vm;
	gpa_t gpa = READ_ONCE(vm->clock.wall_msr);
	struct pvclock_wall_clock wall;
	struct vlm_moment m;
	u64 ns;

	vcpu->pv.wall_wanted = false;
	if (!gpa)
		return;
	mutex_lock(&vm->lock);
	settle(vm);
	read_moment(&m);
	ns = m.real - clock_at(&vm->clock, &m);
	mutex_unlock(&vm->lock);

	wall.sec = div_u64_rem(ns, NSEC_PER_SEC, &wall.nsec);
	vlm_pv_publish(vm, gpa, &wall, sizeof(wall), &wall.version);
}

void vlm_clock_update(struct vlm_vcpu *vcpu)
{
	update_page(vcpu);
	if (vcpu->pv.wall_wanted)
		write_wall(vcpu);
}

long vlm_get_clock(struct vlm_vm *vm, struct kvm_clock_data *out)
{
	struct vlm_moment m;

	mutex_lock(&vm->lock);
	settle(vm);
	read_moment(&m);
	out->clock = clock_at(&vm->clock, &m);
	if (vm->clock.stable)
		out->flags |= KVM_CLOCK_TSC_STABLE;
	if (vm->clock.good && m.exact) {
		out->flags |= KVM_CLOCK_REALTIME | KVM_CLOCK_HOST_TSC;
		out->realtime = m.real;
		out->host_tsc = m.tsc;
	}
	mutex_unlock(&vm->lock);
	return 0;
}

long vlm_set_clock(struct vlm_vm *vm, const struct kvm_clock_data *in)
{
	struct vlm_clock *c = &vm->clock;
	u64 clock = in->clock;
	struct vlm_moment m;

	/* What KVM_GET_CLOCK said may be given back as it is. */
	if (in->flags & ~(u32)VLM_CLOCK_FLAGS)
		return -EINVAL;

	mutex_lock(&vm->lock);
	settle(vm);
	hold_vcpus(vm);
	read_moment(&m);
	/* Time went on while the VM was on its way; never back, though. */
	if ((in->flags & KVM_CLOCK_REALTIME) && m.real > in->realtime)
		clock += m.real - in->realtime;
	c->pair = m;
	c->offset = clock - m.base;
	mutex_unlock(&vm->lock);
	return 0;
}

long vlm_clock_ctrl(struct vlm_vcpu *vcpu)
{
	if (!(vcpu->pv.clock_msr & KVM_MSR_ENABLED))
		return -EINVAL;
	vcpu->pv.clock_stopped = true;
	vlm_request(vcpu, VLM_REQ_CLOCK);
	return 0;
}

bool vlm_clock_pairing(struct vlm_vcpu *vcpu, struct kvm_clock_pairing *out)
{
	struct vlm_moment m;
	u32 nsec;

	read_moment(&m);
	if (!m.exact || !host_tsc_good())
		return false;
	out->sec = div_u64_rem(m.real, NSEC_PER_SEC, &nsec);
	out->nsec = nsec;
	out->tsc = vlm_guest_tsc_at(vcpu, m.tsc);
	return true;
}

MSR_READER(vlm_msr_read_wall_clock)
{
	*value = READ_ONCE(vcpu->vm->clock.wall_msr);
	return 0;
}

/* A WRMSR leaves the section next, and has the answer before it returns. */
MSR_WRITER(vlm_msr_write_wall_clock)
{
	WRITE_ONCE(vcpu->vm->clock.wall_msr, value);
	vcpu->pv.wall_wanted = true;
	if (host)
		write_wall(vcpu);
	else
		vlm_request(vcpu, VLM_REQ_CLOCK);
	return 0;
}

MSR_READER(vlm_msr_read_system_time)
{
	*value = vcpu->pv.clock_msr;
	return 0;
}

MSR_WRITER(vlm_msr_write_system_time)
{
	vcpu->pv.clock_msr = value;
	vlm_request(vcpu, VLM_REQ_CLOCK);
	return 0;
}
