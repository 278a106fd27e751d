// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several vCPUs at once. The lab host of the benchmark has one CPU, where they take
 * turns: what is seen is what one vCPU does more because there are others, and the
 * host's switches from thread to thread, not how they get in each other's way.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <x86intrin.h>

#include "bench.h"

#define MOST	8u
#define HOPS	200u	/* of an IPI round the ring */
#define PAGES	2048u	/* touched by all together */
#define BASE	0x40000000ul
#define VECTOR	0x51

/*
 * A ring of vCPUs that halt, x2APIC mode. Whoever is interrupted passes it on to R13;
 * the first one counts in R15, and ends it.
 */
VT_GUEST(bench_ring, 64,
	 "test %r14, %r14; jz 2f\n"
	 "rdtsc; shl $32, %rdx; or %rdx, %rax; mov %rax, %r12\n"
	 "mov %r13d, %edx; mov $0x51, %eax; mov $0x830, %ecx; wrmsr\n"
	 "2: sti; 1: hlt; jmp 1b");
VT_GUEST(bench_pass, 64,
	 "xor %eax, %eax; xor %edx, %edx; mov $0x80b, %ecx; wrmsr\n"
	 "dec %r15; jz 1f; mov %r13d, %edx; mov $0x51, %eax; mov $0x830, %ecx; wrmsr; iretq\n"
	 "1: rdtsc; shl $32, %rdx; or %rdx, %rax; sub %r12, %rax; 9: out %al, $0xf4; jmp 9b");
/* R15 pages from RDI on. */
VT_GUEST(bench_touch_part, 64,
	 "1: mov %eax, (%rdi); add $0x1000, %rdi; dec %r15; jnz 1b; 9: out %al, $0xf4; jmp 9b");

struct ring {
	struct vt_vm vm;
	struct vt_vcpu vcpu[MOST];
	unsigned int count;
};

static void start(struct vt_vcpu *vcpu, uint64_t rdi, uint64_t r13, uint64_t r14, uint64_t r15)
{
	struct kvm_regs regs = {
		.rip = VT_CODE, .rflags = 2, .rsp = VT_STACK_TOP - vcpu->id * VT_PAGE,
		.rdi = rdi, .r13 = r13, .r14 = r14, .r15 = r15,
	};

	vt_set_mp_state(vcpu, KVM_MP_STATE_RUNNABLE);
	vt_set_regs(vcpu, &regs);
}

static void create_ring(struct ring *r, unsigned int count)
{
	struct vt_payload code = VT_PAYLOAD(bench_pass);
	uint64_t *idt;

	r->count = count;
	vt_irq_create(&r->vm, &r->vcpu[0]);
	for (unsigned int i = 1; i < count; i++)
		vt_irq_vcpu(&r->vm, &r->vcpu[i], i);
	for (unsigned int i = 0; i < count; i++)
		vt_enable_x2apic(&r->vcpu[i]);
	memcpy(r->vm.mem + VT_DATA, code.start, code.end - code.start);
	idt = (uint64_t *)(r->vm.mem + VT_IDT);
	idt[2 * VECTOR] = (VT_DATA & 0xffff) | VT_SEL_CODE << 16 | 0x8e00ull << 32 |
			  (uint64_t)(VT_DATA >> 16) << 48;
	idt[2 * VECTOR + 1] = 0;
	vt_load(&r->vcpu[0], VT_PAYLOAD(bench_ring));
}

/* Ticks of one hop. */
static uint64_t ring(unsigned int count)
{
	struct vt_thread threads[MOST];
	struct kvm_regs regs;
	struct ring r;
	unsigned int rounds = HOPS / count;

	create_ring(&r, count);
	for (unsigned int i = 1; i < count; i++) {
		start(&r.vcpu[i], 0, (i + 1) % count, 0, 0);
		vt_thread_start(&threads[i], &r.vcpu[i]);
	}
	usleep(20000);
	start(&r.vcpu[0], 0, 1 % count, 1, rounds);
	vt_run_to(&r.vcpu[0], KVM_EXIT_IO);
	vt_get_regs(&r.vcpu[0], &regs);
	for (unsigned int i = 1; i < count; i++)
		vt_thread_end(&threads[i], 1);
	for (unsigned int i = 0; i < count; i++)
		vt_vcpu_destroy(&r.vcpu[i]);
	vt_vm_destroy(&r.vm);
	return regs.rax / (rounds * count);
}

struct toucher {
	struct vt_vcpu vcpu;
	pthread_t thread;
	pthread_barrier_t *ready;
	uint64_t begin;
	uint64_t end;
};

static void *touch(void *arg)
{
	struct toucher *t = arg;

	pthread_barrier_wait(t->ready);
	t->begin = __rdtsc();
	while (ioctl(t->vcpu.fd, KVM_RUN, 0) && errno == EINTR)
		;
	t->end = __rdtsc();
	return NULL;
}

/* Ticks of a page that the host has, all vCPUs beginning together. */
static uint64_t faults(unsigned int count)
{
	uint64_t begin = UINT64_MAX, end = 0;
	struct toucher t[MOST];
	pthread_barrier_t ready;
	struct vt_vm vm;
	uint8_t *mem;

	vt_vm_create(&vm);
	mem = vt_anon(PAGES * VT_PAGE);
	madvise(mem, PAGES * VT_PAGE, MADV_NOHUGEPAGE);
	memset(mem, 1, PAGES * VT_PAGE);
	vt_set_slot(&vm, 1, BASE, PAGES * VT_PAGE, mem, 0);
	pthread_barrier_init(&ready, NULL, count);
	for (unsigned int i = 0; i < count; i++) {
		vt_vcpu_create(&vm, &t[i].vcpu, i);
		vt_pass_cpuid(&t[i].vcpu);
		vt_enter_mode(&t[i].vcpu, VT_LONG);
		vt_load(&t[i].vcpu, VT_PAYLOAD(bench_touch_part));
		start(&t[i].vcpu, BASE + i * (PAGES / count) * VT_PAGE, 0, 0, PAGES / count);
		t[i].ready = &ready;
		if (pthread_create(&t[i].thread, NULL, touch, &t[i]))
			vt_die("no thread");
	}
	for (unsigned int i = 0; i < count; i++) {
		pthread_join(t[i].thread, NULL);
		begin = t[i].begin < begin ? t[i].begin : begin;
		end = t[i].end > end ? t[i].end : end;
		vt_vcpu_destroy(&t[i].vcpu);
	}
	pthread_barrier_destroy(&ready);
	vt_vm_destroy(&vm);
	munmap(mem, PAGES * VT_PAGE);
	return (end - begin) / PAGES;
}

void bench_smp(void)
{
	uint64_t hop;
	char name[64];

	for (unsigned int n = 1; n <= MOST; n *= 2) {
		snprintf(name, sizeof(name), "IPI passed round a ring of %u halted, a hop", n);
		hop = ring(n);
		bench_report("smp", name, "ticks", 100, hop);
		if (n == 2)
			bench_report("smp", "IPI to another vCPU and one back", "ticks", 100,
				     2 * hop);
	}
	for (unsigned int n = 1; n <= MOST; n *= 2) {
		snprintf(name, sizeof(name), "EPT fault, 4K, backed, %u at once", n);
		bench_report("smp", name, "ticks", 50, faults(n));
	}
}
