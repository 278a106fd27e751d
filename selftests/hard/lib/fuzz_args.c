// SPDX-License-Identifier: GPL-2.0-only
/* Arguments that are nearly right. */
#include <string.h>

#include "fuzz.h"
#include "vellum.h"

static uint64_t some_gpa(struct fuzz *f)
{
	switch (rng_below(&f->rng, 5)) {
	case 0: return 0xfee00000 + rng_below(&f->rng, 0x1000);
	case 1: return 0xfec00000 + rng_below(&f->rng, 0x40);
	case 2: return rng_hostile(&f->rng);
	default: return (uint64_t)rng_below(&f->rng, 2048) * VT_PAGE;
	}
}

/* Addresses of this process: good ones, and such as no one may use. */
static uint64_t some_pointer(struct fuzz *f, size_t size)
{
	switch (rng_below(&f->rng, 8)) {
	case 0: return 0;
	case 1: return 0xffff888000000000ull + rng_below(&f->rng, VT_PAGE);
	case 2: return (uintptr_t)f->arg + FUZZ_ARG - rng_below(&f->rng, 64);
	case 3: return 0x7ffffffff000ull;
	default: return (uintptr_t)f->arg + 2 * VT_PAGE + rng_below(&f->rng, size ? 8 : 1);
	}
}

static uint32_t some_msr(struct fuzz *f)
{
	static const uint32_t bases[] = {
		0, 0x10, 0x1b, 0x3a, 0x8b, 0xc1, 0xfe, 0x174, 0x179, 0x186, 0x1a0, 0x1d9,
		0x200, 0x250, 0x277, 0x2ff, 0x309, 0x38d, 0x400, 0x480, 0x6e0, 0x800, 0xda0,
		0x4b564d00, 0xc0000080, 0xc0000100, 0xc0010015,
	};

	if (rng_one_in(&f->rng, 8))
		return rng_hostile(&f->rng);
	return bases[rng_below(&f->rng, sizeof(bases) / sizeof(bases[0]))] +
	       rng_below(&f->rng, 24);
}

/*
 * What a slot shows, its guest may write: that is the guests' memory, this thread's argument,
 * or where nothing of the fuzzer lies. Larger slots lie where guests do not come.
 */
static void spare_fuzzer(struct fuzz *f, struct kvm_userspace_memory_region *r)
{
	uint64_t in_memory = r->userspace_addr - (uintptr_t)f->world->memory;
	uint64_t in_arg = r->userspace_addr - (uintptr_t)f->arg;
	uint64_t room = VT_MIB;

	if (in_memory < FUZZ_MEMORY)
		room = FUZZ_MEMORY - in_memory;
	else if (in_arg < FUZZ_ARG)
		room = FUZZ_ARG - in_arg;
	if (r->memory_size <= room)
		return;
	if (rng_one_in(&f->rng, 2))
		r->memory_size = room & -VT_PAGE;
	else
		r->guest_phys_addr |= 1ull << 36;
}

void make_region(struct fuzz *f)
{
	struct kvm_userspace_memory_region *r = (void *)f->arg;
	uint64_t pages = rng_below(&f->rng, FUZZ_MEMORY / VT_PAGE);

	*r = (struct kvm_userspace_memory_region) {
		.slot = rng_one_in(&f->rng, 6) ? rng_hostile(&f->rng) : rng_below(&f->rng, 6),
		.flags = rng_one_in(&f->rng, 10) ? rng_hostile(&f->rng) : rng_below(&f->rng, 4),
		.guest_phys_addr = some_gpa(f) & -VT_PAGE,
		.memory_size = rng_one_in(&f->rng, 3) ? 0 :
			       (FUZZ_MEMORY / VT_PAGE - pages) * VT_PAGE,
		.userspace_addr = (uintptr_t)f->world->memory + pages * VT_PAGE,
	};
	if (rng_one_in(&f->rng, 10))
		r->memory_size = rng_hostile(&f->rng);
	if (rng_one_in(&f->rng, 10))
		r->userspace_addr = some_pointer(f, 0);
	if (rng_one_in(&f->rng, 10))
		r->guest_phys_addr = rng_hostile(&f->rng);
	spare_fuzzer(f, r);
}

void make_dirty_log(struct fuzz *f)
{
	struct kvm_dirty_log *log = (void *)f->arg;

	log->slot = rng_one_in(&f->rng, 4) ? rng_hostile(&f->rng) : rng_below(&f->rng, 6);
	log->padding1 = rng_one_in(&f->rng, 4);
	log->dirty_bitmap = (void *)some_pointer(f, 8);
}

void make_clear_log(struct fuzz *f)
{
	struct kvm_clear_dirty_log *log = (void *)f->arg;

	log->slot = rng_below(&f->rng, 6);
	log->num_pages = rng_one_in(&f->rng, 2) ? rng_hostile(&f->rng) :
			 64 * rng_below(&f->rng, 20);
	log->first_page = rng_one_in(&f->rng, 2) ? rng_hostile(&f->rng) :
			  64 * rng_below(&f->rng, 20);
	log->dirty_bitmap = (void *)some_pointer(f, 8);
}

void make_msrs(struct fuzz *f)
{
	struct kvm_msrs *msrs = (void *)f->arg;

	msrs->nmsrs = rng_one_in(&f->rng, 10) ? rng_hostile(&f->rng) : rng_below(&f->rng, 32);
	msrs->pad = 0;
	for (unsigned int i = 0; i < 32; i++) {
		msrs->entries[i].index = some_msr(f);
		msrs->entries[i].reserved = 0;
		msrs->entries[i].data = rng_hostile(&f->rng);
	}
}

void make_msr_list(struct fuzz *f)
{
	*(uint32_t *)f->arg = rng_one_in(&f->rng, 2) ? rng_hostile(&f->rng) : 512;
}

/* What the device supports, with some bits turned over. */
void make_cpuid(struct fuzz *f)
{
	struct kvm_cpuid2 *cpuid = (void *)f->arg;
	unsigned int nr, room = (FUZZ_ARG - sizeof(*cpuid)) / sizeof(cpuid->entries[0]);

	cpuid->nent = room;
	vt_ioctl(f->world->dev, KVM_GET_SUPPORTED_CPUID, (unsigned long)cpuid);
	/* Read once: the argument may be a guest's memory. */
	nr = *(volatile uint32_t *)&cpuid->nent;
	for (unsigned int i = rng_below(&f->rng, 6); i && nr && nr <= room; i--) {
		struct kvm_cpuid_entry2 *e = &cpuid->entries[rng_below(&f->rng, nr)];

		((uint32_t *)e)[rng_below(&f->rng, sizeof(*e) / 4)] ^= rng_hostile(&f->rng);
	}
	if (rng_one_in(&f->rng, 6))
		cpuid->nent = rng_hostile(&f->rng);
}

void make_routing(struct fuzz *f)
{
	struct kvm_irq_routing *r = (void *)f->arg;

	r->nr = rng_one_in(&f->rng, 8) ? rng_hostile(&f->rng) : rng_below(&f->rng, 64);
	r->flags = rng_one_in(&f->rng, 10);
	rng_fill(&f->rng, r->entries, 64 * sizeof(r->entries[0]));
	for (unsigned int i = 0; i < 64; i++) {
		struct kvm_irq_routing_entry *e = &r->entries[i];

		e->gsi = rng_one_in(&f->rng, 20) ? rng_hostile(&f->rng) : rng_below(&f->rng, 64);
		e->type = rng_one_in(&f->rng, 20) ? rng_hostile(&f->rng) :
			  1 + rng_below(&f->rng, 2);
		e->flags = rng_one_in(&f->rng, 20);
		e->pad = 0;
		if (e->type == KVM_IRQ_ROUTING_IRQCHIP) {
			e->u.irqchip.irqchip = rng_below(&f->rng, rng_one_in(&f->rng, 9) ? 9 : 3);
			e->u.irqchip.pin = rng_below(&f->rng, rng_one_in(&f->rng, 9) ? 99 : 8);
		} else {
			e->u.msi.address_lo = 0xfee00000 | rng_below(&f->rng, 0x4000) << 4;
			e->u.msi.address_hi = rng_one_in(&f->rng, 3) ? rng_hostile(&f->rng) : 0;
		}
	}
}

void make_irqfd(struct fuzz *f)
{
	struct kvm_irqfd *i = (void *)f->arg;

	memset(i, 0, sizeof(*i));
	i->fd = rng_one_in(&f->rng, 8) ? (int)rng_hostile(&f->rng) :
		f->world->event[rng_below(&f->rng, FUZZ_EVENTS)];
	i->gsi = rng_one_in(&f->rng, 8) ? rng_hostile(&f->rng) : rng_below(&f->rng, 32);
	i->flags = rng_one_in(&f->rng, 8) ? rng_hostile(&f->rng) : rng_below(&f->rng, 4);
	i->resamplefd = rng_one_in(&f->rng, 8) ? (int)rng_hostile(&f->rng) :
			f->world->event[rng_below(&f->rng, FUZZ_EVENTS)];
	i->pad[0] = rng_one_in(&f->rng, 9);
}

void make_ioeventfd(struct fuzz *f)
{
	struct kvm_ioeventfd *i = (void *)f->arg;

	memset(i, 0, sizeof(*i));
	i->fd = rng_one_in(&f->rng, 8) ? (int)rng_hostile(&f->rng) :
		f->world->event[rng_below(&f->rng, FUZZ_EVENTS)];
	i->addr = some_gpa(f);
	i->len = rng_one_in(&f->rng, 8) ? rng_hostile(&f->rng) : 1u << rng_below(&f->rng, 4);
	i->datamatch = rng_hostile(&f->rng);
	i->flags = rng_one_in(&f->rng, 8) ? rng_hostile(&f->rng) : rng_below(&f->rng, 8);
}

void make_zone(struct fuzz *f)
{
	struct kvm_coalesced_mmio_zone *z = (void *)f->arg;

	z->addr = some_gpa(f);
	z->size = rng_one_in(&f->rng, 3) ? rng_hostile(&f->rng) : rng_below(&f->rng, 5000);
	z->pio = rng_one_in(&f->rng, 8) ? rng_hostile(&f->rng) : rng_below(&f->rng, 2);
}

void make_msr_filter(struct fuzz *f)
{
	struct kvm_msr_filter *filter = (void *)f->arg;

	memset(filter, 0, sizeof(*filter));
	filter->flags = rng_one_in(&f->rng, 8) ? rng_hostile(&f->rng) : rng_below(&f->rng, 2);
	for (unsigned int i = 0; i < KVM_MSR_FILTER_MAX_RANGES; i++) {
		struct kvm_msr_filter_range *r = &filter->ranges[i];

		if (rng_one_in(&f->rng, 2))
			continue;
		r->flags = rng_one_in(&f->rng, 20) ? rng_hostile(&f->rng) :
			   1 + rng_below(&f->rng, 3);
		r->nmsrs = rng_one_in(&f->rng, 20) ? rng_hostile(&f->rng) :
			   1 + rng_below(&f->rng, 800);
		r->base = some_msr(f);
		r->bitmap = (void *)some_pointer(f, 8);
	}
}

void make_signal_mask(struct fuzz *f)
{
	struct kvm_signal_mask *mask = (void *)f->arg;

	mask->len = rng_one_in(&f->rng, 3) ? rng_hostile(&f->rng) : 8;
	rng_fill(&f->rng, mask->sigset, 8);
	/* The kick must be let in, or the thread is not to be stopped. */
	mask->sigset[1] &= ~2;		/* SIGUSR1 is 10 */
}

void make_cap(struct fuzz *f)
{
	static const uint32_t caps[] = {
		KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, KVM_CAP_SPLIT_IRQCHIP, KVM_CAP_HALT_POLL,
		KVM_CAP_X86_USER_SPACE_MSR, KVM_CAP_DISABLE_QUIRKS2, KVM_CAP_X2APIC_API,
		KVM_CAP_EXIT_ON_EMULATION_FAILURE, VELLUM_CAP_DOCTOR,
		KVM_CAP_ENFORCE_PV_FEATURE_CPUID,
	};
	struct kvm_enable_cap *cap = (void *)f->arg;

	memset(cap, 0, sizeof(*cap));
	cap->cap = rng_one_in(&f->rng, 6) ? rng_below(&f->rng, 256) :
		   caps[rng_below(&f->rng, sizeof(caps) / sizeof(caps[0]))];
	cap->flags = rng_one_in(&f->rng, 12) ? rng_hostile(&f->rng) : 0;
	cap->args[0] = rng_one_in(&f->rng, 2) ? rng_hostile(&f->rng) : rng_below(&f->rng, 8);
}

void make_doctor(struct fuzz *f)
{
	struct vellum_doctor *d = (void *)f->arg;

	rng_fill(&f->rng, d, sizeof(*d));
	d->nr_fields = rng_below(&f->rng, 4) * 100;
	d->nr_caps = rng_below(&f->rng, 40);
	d->nr_rules = rng_one_in(&f->rng, 2) ? rng_hostile(&f->rng) : 2;
	d->fields = some_pointer(f, 8);
	d->caps = some_pointer(f, 8);
	d->rules = some_pointer(f, 8);
	d->reserved = rng_one_in(&f->rng, 4);
}

/* Not all of the time: a guest that is stepped comes nowhere. */
void make_debug(struct fuzz *f)
{
	struct kvm_guest_debug *d = (void *)f->arg;

	rng_fill(&f->rng, d, sizeof(*d));
	d->control = rng_one_in(&f->rng, 3) ? rng_hostile(&f->rng) : rng_below(&f->rng, 2);
}

void make_mp_state(struct fuzz *f)
{
	*(uint32_t *)f->arg = rng_one_in(&f->rng, 6) ? rng_hostile(&f->rng) :
			      rng_below(&f->rng, 5);
}

void make_line(struct fuzz *f)
{
	struct kvm_irq_level *line = (void *)f->arg;

	line->irq = rng_one_in(&f->rng, 8) ? rng_hostile(&f->rng) : rng_below(&f->rng, 26);
	line->level = rng_below(&f->rng, 2);
}

/* Bits of flags one by one, with any numbers. */
void make_events(struct fuzz *f)
{
	struct kvm_vcpu_events *e = (void *)f->arg;

	rng_fill(&f->rng, e, sizeof(*e));
	for (unsigned int i = 0; i < sizeof(*e); i++)
		if (!rng_one_in(&f->rng, 4))
			f->arg[i] &= 1;
}
