// SPDX-License-Identifier: GPL-2.0-only
/* Calls on a vCPU, for hard/faults. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "faults.h"
#include "vellum.h"

FAULTS_GET_SET(regs, vcpu, KVM_GET_REGS, KVM_SET_REGS)
FAULTS_GET_SET(sregs, vcpu, KVM_GET_SREGS, KVM_SET_SREGS)
FAULTS_GET_SET(sregs2, vcpu, KVM_GET_SREGS2, KVM_SET_SREGS2)
FAULTS_GET_SET(fpu, vcpu, KVM_GET_FPU, KVM_SET_FPU)
FAULTS_GET_SET(xsave, vcpu, KVM_GET_XSAVE, KVM_SET_XSAVE)
FAULTS_GET_SET(xsave2, vcpu, KVM_GET_XSAVE2, KVM_SET_XSAVE)
FAULTS_GET_SET(xcrs, vcpu, KVM_GET_XCRS, KVM_SET_XCRS)
FAULTS_GET_SET(debugregs, vcpu, KVM_GET_DEBUGREGS, KVM_SET_DEBUGREGS)
FAULTS_GET_SET(events, vcpu, KVM_GET_VCPU_EVENTS, KVM_SET_VCPU_EVENTS)
FAULTS_GET_SET(mp_state, vcpu, KVM_GET_MP_STATE, KVM_SET_MP_STATE)
FAULTS_GET_SET(lapic, vcpu, KVM_GET_LAPIC, KVM_SET_LAPIC)

static long map(struct world *w)
{
	void *page = mmap(NULL, w->vm.run_size, PROT_READ | PROT_WRITE, MAP_SHARED, w->vcpu.fd, 0);

	if (page == MAP_FAILED)
		return -errno;
	munmap(page, w->vm.run_size);
	return 0;
}

/* One that has run takes no other CPUID. */
static long cpuid(struct world *w)
{
	struct kvm_cpuid2 *list = (void *)w->buf;
	long ret;

	list->nent = 200;
	ret = VT_IOCTL(w->vm.dev, KVM_GET_SUPPORTED_CPUID, list);
	if (!ret)
		ret = VT_IOCTL(w->vcpu.fd, KVM_SET_CPUID2, list);
	list->nent = 200;
	return ret ? ret : VT_IOCTL(w->vcpu.fd, KVM_GET_CPUID2, list);
}

static long msrs(struct world *w)
{
	struct kvm_msrs *list = (void *)w->buf;
	long ret;

	memset(w->buf, 0, sizeof(w->buf));
	list->nmsrs = 2;
	list->entries[0].index = 0x174;
	list->entries[1].index = 0xc0000082;
	ret = VT_IOCTL(w->vcpu.fd, KVM_GET_MSRS, list);

	return ret < 0 ? ret : VT_IOCTL(w->vcpu.fd, KVM_SET_MSRS, list);
}

static long guest_debug(struct world *w)
{
	struct kvm_guest_debug data = { .control = 0 };

	return VT_IOCTL(w->vcpu.fd, KVM_SET_GUEST_DEBUG, &data);
}

static long signal_mask(struct world *w)
{
	struct kvm_signal_mask *mask = (void *)w->buf;

	memset(w->buf, 0, 16);
	mask->len = 8;
	return VT_IOCTL(w->vcpu.fd, KVM_SET_SIGNAL_MASK, mask);
}

static long translate(struct world *w)
{
	struct kvm_translation data = { .linear_address = VT_CODE };

	return VT_IOCTL(w->vcpu.fd, KVM_TRANSLATE, &data);
}

static long stats(struct world *w)
{
	return faults_closed(vt_ioctl(w->vcpu.fd, KVM_GET_STATS_FD, 0));
}

/* A state that the CPU refuses: CPL 3 in SS alone. */
static void refuse(struct world *w)
{
	struct kvm_sregs sregs;

	vt_get_sregs(&w->vcpu, &sregs);
	sregs.ss.dpl = 3;
	vt_set_sregs(&w->vcpu, &sregs);
	vt_ioctl(w->vcpu.fd, KVM_RUN, 0);
}

/* All three lists. */
static long doctor(struct world *w)
{
	static struct vellum_number fields[256], caps[64];
	static struct vellum_rule rules[4];
	struct vellum_doctor d = {
		.nr_fields = 256, .fields = (uintptr_t)fields, .nr_caps = 64,
		.caps = (uintptr_t)caps, .nr_rules = 4, .rules = (uintptr_t)rules,
	};
	long ret = VT_IOCTL(w->vcpu.fd, VELLUM_GET_DOCTOR, &d);

	/* Memory failed when it was to be written down. */
	return ret == -ENOENT ? -ENOMEM : ret;
}

const struct step faults_vcpu[] = {
	{ "mmap of a vCPU", FULL, map, NULL, NULL },
	{ "KVM_SET_CPUID2", NEW, cpuid, NULL, NULL },
	{ "KVM_SET_MSRS", FULL, msrs, NULL, NULL },
	{ "KVM_SET_REGS", FULL, regs, NULL, NULL },
	{ "KVM_SET_SREGS", FULL, sregs, NULL, NULL },
	{ "KVM_SET_SREGS2", FULL, sregs2, NULL, NULL },
	{ "KVM_SET_FPU", FULL, fpu, NULL, NULL },
	{ "KVM_SET_XSAVE", FULL, xsave, NULL, NULL },
	{ "KVM_GET_XSAVE2", FULL, xsave2, NULL, NULL },
	{ "KVM_SET_XCRS", FULL, xcrs, NULL, NULL },
	{ "KVM_SET_DEBUGREGS", FULL, debugregs, NULL, NULL },
	{ "KVM_SET_VCPU_EVENTS", FULL, events, NULL, NULL },
	{ "KVM_SET_MP_STATE", FULL, mp_state, NULL, NULL },
	{ "KVM_SET_LAPIC", FULL, lapic, NULL, NULL },
	{ "KVM_SET_GUEST_DEBUG", FULL, guest_debug, NULL, NULL },
	{ "KVM_SET_SIGNAL_MASK", FULL, signal_mask, NULL, NULL },
	{ "KVM_TRANSLATE", FULL, translate, NULL, NULL },
	{ "KVM_GET_STATS_FD of a vCPU", FULL, stats, NULL, NULL },
	{ "VELLUM_GET_DOCTOR", FULL, doctor, refuse, NULL },
	{ }
};
