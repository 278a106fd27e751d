// SPDX-License-Identifier: GPL-2.0-only
/* Calls on the device and on a VM, for hard/faults. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "faults.h"
#include "vellum.h"

#define SET(name, type, cmd, ...)					\
static long name(struct world *w)					\
{									\
	type data = { __VA_ARGS__ };					\
									\
	return VT_IOCTL(w->vm.fd, cmd, &data);				\
}

/* Lists, of the device. */
#define LIST(name, type, count, cmd)					\
static long name(struct world *w)					\
{									\
	((type *)w->buf)->count = 200;					\
	return VT_IOCTL(w->vm.dev, cmd, w->buf);			\
}

long faults_closed(long fd)
{
	if (fd >= 0)
		close(fd);
	return fd;
}

static long open_device(struct world *w)
{
	int fd = open(vt_device(), O_RDWR | O_CLOEXEC);

	(void)w;
	return fd < 0 ? -errno : faults_closed(fd);
}

LIST(supported_cpuid, struct kvm_cpuid2, nent, KVM_GET_SUPPORTED_CPUID)
LIST(msr_list, struct kvm_msr_list, nmsrs, KVM_GET_MSR_INDEX_LIST)
LIST(feature_list, struct kvm_msr_list, nmsrs, KVM_GET_MSR_FEATURE_INDEX_LIST)

static long create_vm(struct world *w)
{
	return faults_closed(vt_ioctl(w->vm.dev, KVM_CREATE_VM, 0));
}

static long create_vcpu(struct world *w)
{
	static unsigned int id = 1;
	long fd = vt_ioctl(w->vm.fd, KVM_CREATE_VCPU, id);

	if (fd >= 0)
		id++;
	return faults_closed(fd);
}

static long create_chips(struct world *w)
{
	return vt_ioctl(w->vm.fd, KVM_CREATE_IRQCHIP, 0);
}

/* One VM has one of them. */
static void new_chips(struct world *w)
{
	vt_ioctl(w->vm.fd, KVM_CREATE_IRQCHIP, 0);
}

SET(create_pit, struct kvm_pit_config, KVM_CREATE_PIT2, 0)
SET(split, struct kvm_enable_cap, KVM_ENABLE_CAP, .cap = KVM_CAP_SPLIT_IRQCHIP, .args = { 24 })

static long set_slot(struct world *w)
{
	return vt_try_slot(w->vm.fd, 3, 0x10000000, VT_PAGE, w->vm.mem, 0);
}

static void drop_slot(struct world *w)
{
	vt_try_slot(w->vm.fd, 3, 0x10000000, 0, w->vm.mem, 0);
}

static long log_slot(struct world *w)
{
	struct kvm_dirty_log log = { .slot = 0, .dirty_bitmap = w->buf };
	struct kvm_clear_dirty_log clear = { .num_pages = 64, .dirty_bitmap = w->buf };
	long ret = vt_try_slot(w->vm.fd, 0, 0, w->vm.mem_size, w->vm.mem,
			       KVM_MEM_LOG_DIRTY_PAGES);

	if (!ret)
		ret = VT_IOCTL(w->vm.fd, KVM_GET_DIRTY_LOG, &log);
	return ret ? ret : VT_IOCTL(w->vm.fd, KVM_CLEAR_DIRTY_LOG, &clear);
}

static void end_log(struct world *w)
{
	vt_try_slot(w->vm.fd, 0, 0, w->vm.mem_size, w->vm.mem, 0);
}

static long irqfd_call(struct world *w, uint32_t flags)
{
	struct kvm_irqfd args = {
		.fd = w->event, .gsi = 5, .flags = flags, .resamplefd = w->second,
	};

	return VT_IOCTL(w->vm.fd, KVM_IRQFD, &args);
}

static long irqfd(struct world *w)
{
	return irqfd_call(w, 0);
}

static long resampler(struct world *w)
{
	return irqfd_call(w, KVM_IRQFD_FLAG_RESAMPLE);
}

static void drop_irqfd(struct world *w)
{
	irqfd_call(w, KVM_IRQFD_FLAG_DEASSIGN);
}

static long ioeventfd_call(struct world *w, uint32_t flags)
{
	struct kvm_ioeventfd args = {
		.fd = w->event, .addr = 0xd0000000, .len = 4, .flags = flags,
	};

	return VT_IOCTL(w->vm.fd, KVM_IOEVENTFD, &args);
}

static long ioeventfd(struct world *w)
{
	return ioeventfd_call(w, 0);
}

static void drop_ioeventfd(struct world *w)
{
	ioeventfd_call(w, KVM_IOEVENTFD_FLAG_DEASSIGN);
}

static long zone(struct world *w)
{
	struct kvm_coalesced_mmio_zone data = { .addr = 0xd1000000, .size = 16 };

	return VT_IOCTL(w->vm.fd, KVM_REGISTER_COALESCED_MMIO, &data);
}

static long routing(struct world *w)
{
	struct kvm_irq_routing *r = (void *)w->buf;

	memset(w->buf, 0, sizeof(w->buf));
	r->nr = 24;
	for (unsigned int i = 0; i < r->nr; i++) {
		r->entries[i].gsi = i;
		r->entries[i].type = KVM_IRQ_ROUTING_IRQCHIP;
		r->entries[i].u.irqchip.irqchip = KVM_IRQCHIP_IOAPIC;
		r->entries[i].u.irqchip.pin = i;
	}
	return VT_IOCTL(w->vm.fd, KVM_SET_GSI_ROUTING, r);
}

SET(line, struct kvm_irq_level, KVM_IRQ_LINE_STATUS, .irq = 5)
SET(msi, struct kvm_msi, KVM_SIGNAL_MSI, .address_lo = 0xfee00000, .data = 0x41)

static long chip(struct world *w)
{
	struct kvm_irqchip *c = (void *)w->buf;
	long ret;

	memset(c, 0, sizeof(*c));
	c->chip_id = KVM_IRQCHIP_IOAPIC;
	ret = VT_IOCTL(w->vm.fd, KVM_GET_IRQCHIP, c);
	return ret ? ret : VT_IOCTL(w->vm.fd, KVM_SET_IRQCHIP, c);
}

static void new_pit(struct world *w)
{
	new_chips(w);
	create_pit(w);
}

FAULTS_GET_SET(pit, vm, KVM_GET_PIT2, KVM_SET_PIT2)
SET(identity_map, uint64_t, KVM_SET_IDENTITY_MAP_ADDR, 0xfeffc000)

static long kvmclock(struct world *w)
{
	struct kvm_clock_data data = { 0 };
	long ret = VT_IOCTL(w->vm.fd, KVM_GET_CLOCK, &data);

	data.flags = 0;
	return ret ? ret : VT_IOCTL(w->vm.fd, KVM_SET_CLOCK, &data);
}

static long msr_filter(struct world *w)
{
	struct kvm_msr_filter filter = {
		.ranges[0] = { .flags = KVM_MSR_FILTER_READ, .nmsrs = 64, .base = 0x174,
			       .bitmap = w->buf },
		.ranges[1] = { .flags = KVM_MSR_FILTER_WRITE, .nmsrs = 64, .base = 0x174,
			       .bitmap = w->buf },
	};

	memset(w->buf, 0xff, 64);
	return VT_IOCTL(w->vm.fd, KVM_X86_SET_MSR_FILTER, &filter);
}

static long record(struct world *w)
{
	long ret = vt_ioctl(w->vm.fd, VELLUM_RECORD, VELLUM_RECORD_RING | VELLUM_RECORD_LEDGER);

	return ret ? ret : faults_closed(vt_ioctl(w->vm.fd, VELLUM_GET_LEDGER_FD, 0));
}

static long stats(struct world *w)
{
	return faults_closed(vt_ioctl(w->vm.fd, KVM_GET_STATS_FD, 0));
}

SET(walk_ept, struct vellum_ept_walk, VELLUM_WALK_EPT, .gpa = VT_CODE)

const struct step faults_vm[] = {
	{ "open", FULL, open_device, NULL, NULL },
	{ "KVM_GET_SUPPORTED_CPUID", FULL, supported_cpuid, NULL, NULL },
	{ "KVM_GET_MSR_INDEX_LIST", FULL, msr_list, NULL, NULL },
	{ "KVM_GET_MSR_FEATURE_INDEX_LIST", FULL, feature_list, NULL, NULL },
	{ "KVM_CREATE_VM", FULL, create_vm, NULL, NULL },
	{ "KVM_CREATE_VCPU", FULL, create_vcpu, NULL, NULL },
	{ "KVM_CREATE_IRQCHIP", BARE, create_chips, NULL, NULL },
	{ "KVM_CAP_SPLIT_IRQCHIP", BARE, split, NULL, NULL },
	{ "KVM_CREATE_PIT2", BARE, create_pit, new_chips, NULL },
	{ "KVM_SET_USER_MEMORY_REGION", FULL, set_slot, NULL, drop_slot },
	{ "KVM_GET_DIRTY_LOG", FULL, log_slot, NULL, end_log },
	{ "KVM_IRQFD", FULL, irqfd, NULL, drop_irqfd },
	{ "KVM_IRQFD with resampling", FULL, resampler, NULL, drop_irqfd },
	{ "KVM_IOEVENTFD", FULL, ioeventfd, NULL, drop_ioeventfd },
	{ "KVM_REGISTER_COALESCED_MMIO", FULL, zone, NULL, NULL },
	{ "KVM_SET_GSI_ROUTING", FULL, routing, NULL, NULL },
	{ "KVM_IRQ_LINE_STATUS", FULL, line, NULL, NULL },
	{ "KVM_SIGNAL_MSI", FULL, msi, NULL, NULL },
	{ "KVM_SET_IRQCHIP", FULL, chip, NULL, NULL },
	{ "KVM_SET_PIT2", BARE, pit, new_pit, NULL },
	{ "KVM_SET_IDENTITY_MAP_ADDR", BARE, identity_map, NULL, NULL },
	{ "KVM_SET_CLOCK", FULL, kvmclock, NULL, NULL },
	{ "KVM_X86_SET_MSR_FILTER", FULL, msr_filter, NULL, NULL },
	{ "VELLUM_RECORD", FULL, record, NULL, NULL },
	{ "KVM_GET_STATS_FD", FULL, stats, NULL, NULL },
	{ "VELLUM_WALK_EPT", FULL, walk_ept, NULL, NULL },
	{ }
};
