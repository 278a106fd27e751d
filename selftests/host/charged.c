// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel allocates at a call is charged to the caller's control group, copies of
 * arguments as well: the kernel's own tracepoint tells of each allocation whether it is.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <unistd.h>

#include "vt_fixture.h"
#include "vt_irq.h"

#define TRACE	"/sys/kernel/tracing/"
#define ROUTES	2000

/* Those of the module, and what the kernel allocates in its name. */
static const char *const ours[] = {
	"[vellum]", "call_site=memdup_user", "call_site=vmemdup_user", "call_site=kvmalloc",
};

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

static bool trace_begin(void)
{
	char text[64];

	mount("trace", TRACE, "tracefs", 0, NULL);
	snprintf(text, sizeof(text), "%d", getpid());
	return put(TRACE "set_event_pid", text) && put(TRACE "buffer_size_kb", "4096") &&
	       put(TRACE "trace", "") && put(TRACE "events/kmem/kmalloc/enable", "1") &&
	       put(TRACE "events/kmem/kmem_cache_alloc/enable", "1");
}

static void trace_end(void)
{
	put(TRACE "events/kmem/enable", "0");
	put(TRACE "set_event_pid", "");
}

static bool is_ours(const char *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (strstr(line, ours[i]))
			return true;
	return false;
}

FIXTURE(charged)
{
	struct vt_vm vm;
	struct vt_vcpu vcpu;
	bool traced;
};

FIXTURE_SETUP(charged)
{
	self->traced = trace_begin();
}

FIXTURE_TEARDOWN(charged)
{
	trace_end();
}

static void routes(struct vt_vm *vm)
{
	size_t size = sizeof(struct kvm_irq_routing) +
		      ROUTES * sizeof(struct kvm_irq_routing_entry);
	struct kvm_irq_routing *table = calloc(1, size);

	table->nr = ROUTES;
	for (unsigned int i = 0; i < ROUTES; i++) {
		table->entries[i].gsi = i;
		table->entries[i].type = KVM_IRQ_ROUTING_MSI;
	}
	VT_IOCTL(vm->fd, KVM_SET_GSI_ROUTING, table);
	free(table);
}

static void msrs(struct vt_vm *vm, struct vt_vcpu *vcpu)
{
	struct kvm_msr_filter filter = {
		.ranges[0] = { .flags = KVM_MSR_FILTER_READ, .nmsrs = 512, .base = 0x174 },
	};
	struct kvm_msrs *list = calloc(1, sizeof(*list) + 200 * sizeof(list->entries[0]));
	uint8_t bits[64] = { 0xff };

	list->nmsrs = 200;
	for (unsigned int i = 0; i < 200; i++)
		list->entries[i].index = 0x174;
	VT_IOCTL(vcpu->fd, KVM_GET_MSRS, list);
	VT_IOCTL(vcpu->fd, KVM_SET_MSRS, list);
	filter.ranges[0].bitmap = bits;
	VT_IOCTL(vm->fd, KVM_X86_SET_MSR_FILTER, &filter);
	free(list);
}

static void chips(struct vt_vm *vm)
{
	struct kvm_ioeventfd io = { .addr = 0xd0000000, .len = 4, .fd = eventfd(0, 0) };
	struct kvm_irqfd irqfd = { .fd = io.fd, .gsi = 5 };
	struct kvm_irqchip chip = { .chip_id = KVM_IRQCHIP_IOAPIC };
	struct kvm_pit_config pit = { .flags = 0 };

	VT_IOCTL(vm->fd, KVM_GET_IRQCHIP, &chip);
	VT_IOCTL(vm->fd, KVM_SET_IRQCHIP, &chip);
	VT_IOCTL(vm->fd, KVM_CREATE_PIT2, &pit);
	VT_IOCTL(vm->fd, KVM_IRQFD, &irqfd);
	VT_IOCTL(vm->fd, KVM_IOEVENTFD, &io);
	close(io.fd);
}

VT_GUEST(charged_touch, 64, "mov $0x100000, %edi; incb (%rdi); out %al, $0xf4");

/* A VM with all that it can have, which runs. */
static void live(struct vt_vm *vm, struct vt_vcpu *vcpu)
{
	struct kvm_lapic_state lapic;
	struct kvm_xsave xsave;

	vt_irq_create(vm, vcpu);
	chips(vm);
	routes(vm);
	msrs(vm, vcpu);
	VT_IOCTL(vcpu->fd, KVM_GET_XSAVE, &xsave);
	VT_IOCTL(vcpu->fd, KVM_SET_XSAVE, &xsave);
	VT_IOCTL(vcpu->fd, KVM_GET_LAPIC, &lapic);
	VT_IOCTL(vcpu->fd, KVM_SET_LAPIC, &lapic);
	vt_set_slot(vm, 0, 0, vm->mem_size, vm->mem, KVM_MEM_LOG_DIRTY_PAGES);
	vt_start(vcpu, VT_LONG, VT_PAYLOAD(charged_touch));
	vt_ioctl(vcpu->fd, KVM_RUN, 0);
	close(vt_ioctl(vcpu->fd, KVM_GET_STATS_FD, 0));
}

TEST_F(charged, each_allocation)
{
	unsigned int seen = 0;
	char line[512];
	FILE *trace;

	if (vt_on_kvm())
		SKIP(return, "of KVM's arguments some are not charged");
	if (!self->traced)
		SKIP(return, "this kernel does not tell of allocations");
	live(&self->vm, &self->vcpu);
	trace_end();
	trace = fopen(TRACE "trace", "r");
	ASSERT_NE(NULL, trace);
	while (fgets(line, sizeof(line), trace)) {
		if (!is_ours(line))
			continue;
		seen++;
		EXPECT_NE(NULL, strstr(line, "accounted=true")) {
			TH_LOG("%s", line);
		}
	}
	fclose(trace);
	/* Less would mean that the trace tells of something else. */
	EXPECT_GE(seen, 15);
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

TEST_HARNESS_MAIN
