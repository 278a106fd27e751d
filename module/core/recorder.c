// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flight recorder: the last exits of a vCPU, in memory that its owner maps to
 * read.  It stops when the guest dies, so that what led there stays.
 */
#include "../vellum.h"

#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>
#include <asm/tsc.h>

#include "../vmx/section.h"
#include "recorder.h"
#include "vcpu.h"
#include "watch.h"

#define RING_SIZE	(VELLUM_RING_PAGES * PAGE_SIZE)
#define HALF		(VLM_LEDGER_SLOTS / 2)

/* How far from its place a cause may be. */
#define PROBES		8

static_assert(sizeof(struct vellum_ring) <= PAGE_SIZE);
static_assert(sizeof(struct vellum_exit) * VELLUM_RING_RECORDS + PAGE_SIZE == RING_SIZE);

/* A caller who may have no more memory gets an errno, and no report in the log. */
#define GFP_RECORDER	(GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN)

static struct vlm_recorder *recorder_alloc(void)
{
	struct vlm_recorder *r = __vmalloc(sizeof(*r), GFP_RECORDER);

	if (!r)
		return NULL;
	r->ring = __vmalloc(RING_SIZE, GFP_RECORDER);
	if (!r->ring) {
		vfree(r);
		return NULL;
	}
	r->records = (void *)r->ring + PAGE_SIZE;
	r->ring->records = VELLUM_RING_RECORDS;
	r->ring->tsc_khz = tsc_khz;
	return r;
}

void vlm_recorder_free(struct vlm_vcpu *vcpu)
{
	if (!vcpu->recorder)
		return;
	vfree(vcpu->recorder->ring);
	vfree(vcpu->recorder);
}

static struct vlm_recorder *recorder_of(const struct vlm_vcpu *vcpu)
{
	/* Pairs with the release in set_recorder(). */
	return smp_load_acquire(&vcpu->recorder);
}

/* One that is off changes nothing. */
static int provide(struct vlm_vcpu *vcpu)
{
	struct vlm_recorder *r;

	lockdep_assert_held(&vcpu->vm->lock);
	if (vcpu->recorder)
		return 0;
	r = recorder_alloc();
	if (!r)
		return -ENOMEM;
	/* The vCPU's thread may look at any time. */
	smp_store_release(&vcpu->recorder, r);
	return 0;
}

static void turn(struct vlm_vcpu *vcpu, u32 what)
{
	struct vlm_recorder *r = vcpu->recorder;

	if (!r)
		return;
	WRITE_ONCE(r->ring->frozen, 0);
	WRITE_ONCE(r->on, what);
	vlm_request(vcpu, VLM_REQ_EXCEPTIONS);
}

int vlm_record_vcpu(struct vlm_vcpu *vcpu)
{
	u32 what = vcpu->vm->record;
	int err = what ? provide(vcpu) : 0;

	if (!err)
		turn(vcpu, what);
	return err;
}

/* All have what it takes before the first one's recording changes. */
static long record_all(struct vlm_vm *vm, u32 what)
{
	struct vlm_vcpu *vcpu;
	unsigned long index;
	int err;

	vlm_vm_for_each_vcpu(vm, index, vcpu) {
		err = what ? provide(vcpu) : 0;
		if (err)
			return err;
	}
	vlm_vm_for_each_vcpu(vm, index, vcpu)
		turn(vcpu, what);
	return 0;
}

long vlm_record(struct vlm_vm *vm, unsigned long what)
{
	long err;

	if (what & ~(unsigned long)(VELLUM_RECORD_RING | VELLUM_RECORD_LEDGER))
		return -EINVAL;
	mutex_lock(&vm->lock);
	err = record_all(vm, what);
	if (err)
		goto unlock;
	if (what && !vm->record)
		vlm_watch_get();
	else if (!what && vm->record)
		vlm_watch_put();
	vm->record = what;
unlock:
	mutex_unlock(&vm->lock);
	return err;
}

void vlm_record_end(struct vlm_vm *vm)
{
	if (vm->record)
		vlm_watch_put();
}

struct page *vlm_recorder_page(struct vlm_vcpu *vcpu, unsigned long n)
{
	struct vlm_recorder *r = recorder_of(vcpu);

	return r && n < VELLUM_RING_PAGES ? vmalloc_to_page((void *)r->ring + n * PAGE_SIZE) :
					    NULL;
}

bool vlm_recorder_wants_df(const struct vlm_vcpu *vcpu)
{
	struct vlm_recorder *r = recorder_of(vcpu);

	return r && (READ_ONCE(r->on) & VELLUM_RECORD_RING);
}

static bool ring_runs(const struct vlm_recorder *r)
{
	return (READ_ONCE(r->on) & VELLUM_RECORD_RING) && !READ_ONCE(r->ring->frozen);
}

static struct vellum_exit *record(const struct vlm_recorder *r, u64 number)
{
	return &r->records[number % VELLUM_RING_RECORDS];
}

void vlm_record_exit(struct vlm_vcpu *vcpu, struct vlm_recorder *r, const struct vlm_exit *exit,
		     u32 reads)
{
	const struct vlm_watch *w = &vcpu->watch;
	struct vellum_exit *e;

	if (!ring_runs(r))
		return;
	e = record(r, r->ring->head);
	e->tsc = w->tsc;
	e->host = 0;
	e->rip = w->rip;
	e->cause = w->cause;
	e->qualification = reads & EXIT_QUAL ? exit->qualification : 0;
	e->reason = exit->reason;
	e->by = VLM_BY_FAST;
	e->interruption = reads & EXIT_INTR ? exit->intr_info : 0;
	e->vectoring = reads & EXIT_VECTORING ? exit->vectoring_info : 0;
	e->event = 0;
	e->number = r->ring->head;
	WRITE_ONCE(r->ring->head, r->ring->head + 1);
}

static void count(struct vlm_ledger_slot *slot, u64 host)
{
	slot->host += host;
	/* Pairs with the acquire in add(). */
	smp_store_release(&slot->count, slot->count + 1);
}

static void ledger_add(struct vlm_recorder *r, u32 reason, u64 cause, u64 host)
{
	struct vlm_ledger_slot *half = r->slots, *slot;
	unsigned int i, n;

	if (reason == EXIT_REASON_EPT_VIOLATION) {
		half += HALF;
		cause &= PAGE_MASK;
	}
	i = hash_64(cause ^ (u64)reason << 48, ilog2(HALF));
	for (n = 0; n < PROBES; n++) {
		slot = &half[(i + n) % HALF];
		if (!slot->count) {
			slot->reason = reason;
			slot->cause = cause;
		}
		if (slot->cause == cause && slot->reason == reason) {
			count(slot, host);
			return;
		}
	}
	count(&r->rest[min_t(u32, reason, VLM_EXIT_ROWS)], host);
}

/* With @host 0 no exit came before: the first entry of a KVM_RUN. */
void vlm_record_entry(struct vlm_vcpu *vcpu, struct vlm_recorder *r, u64 host)
{
	const struct vlm_watch *w = &vcpu->watch;
	struct vellum_exit *e;
	u32 error;

	if (!host)
		return;
	e = record(r, r->ring->head - 1);
	/* Not when recording began in between. */
	if (ring_runs(r) && e->tsc == w->tsc) {
		e->host = host;
		e->by = w->by;
		e->event = vmx_entry_event(vcpu, &error);
	}
	if (READ_ONCE(r->on) & VELLUM_RECORD_LEDGER)
		ledger_add(r, w->reason, w->cause, host);
}

void vlm_recorder_freeze(struct vlm_vcpu *vcpu, struct vlm_recorder *r)
{
	struct vellum_ring *ring = r->ring;
	u32 why;

	switch (READ_ONCE(vcpu->run->exit_reason)) {
	case KVM_EXIT_FAIL_ENTRY:
		why = VELLUM_FROZEN_ENTRY;
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		why = VELLUM_FROZEN_ERROR;
		break;
	case KVM_EXIT_SHUTDOWN:
		why = VELLUM_FROZEN_SHUTDOWN;
		break;
	default:
		return;
	}
	if (!ring_runs(r))
		return;
	vlm_get_regs(vcpu, &ring->regs);
	vlm_get_sregs(vcpu, &ring->sregs);
	/* Readers trust the registers once they see this. */
	smp_store_release(&ring->frozen, why);
}
