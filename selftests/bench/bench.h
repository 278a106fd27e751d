/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench: what operations cost, on the hypervisor whose device VELLUM_DEV names.
 *
 * A figure is ticks of the time-stamp counter for one operation, the best of
 * several runs: in the lab's emulator a tick is an instruction, and what runs
 * between two readings is the same each time but for the host's own interrupts.
 */
#ifndef BENCH_H
#define BENCH_H

#include "vt_apic.h"

/* Pages of the host that are free, with those on lists of each CPU. */
long bench_free_pages(void);

/* Where each guest loop ends; nothing else of a guest uses this port. */
#define BENCH_PORT	0xf4

#define BENCH_TRIES	8

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/*
 * One line of the result. The goal is the most that Vellum may take, in percent
 * of what KVM takes in the same run; 0: none, the figure explains others.
 */
void bench_report(const char *group, const char *name, const char *unit,
		  unsigned int goal, uint64_t value);

/* Each runs its part of the benchmark, as bench.c lists them. */
void bench_exits(void);
void bench_apic(void);
void bench_user(void);
void bench_events(void);
void bench_memory(void);
void bench_smp(void);
void bench_life(void);

/* The whole of one command, from its start to its end. */
int bench_command(char **argv);
/* What of it, which took so many ticks then, was the guest, and its exits. */
int bench_guest(uint64_t total, char **argv);
/* Loading and unloading these modules, in this order. */
int bench_modules(char **files);

/*
 * Marks for an emulator that counts the instructions between two of them, one by one:
 * lab/bochs/account/instrument.cc. On a CPU, and in each other emulator, they do nothing.
 */
#define BENCH_BEGIN	"xchg %bx, %bx"
#define BENCH_END	"xchg %cx, %cx"

static inline void bench_begin(void)
{
	asm volatile("xchg %%bx, %%bx" : : : "memory");
}

static inline void bench_end(void)
{
	asm volatile("xchg %%cx, %%cx" : : : "memory");
}

/*
 * From here on the marks are around so many operations of this name. False: somebody
 * wants to know about others only (BENCH_ROW).
 */
bool bench_wanted(const char *group, const char *name, unsigned int operations);

/*
 * Guest loops
 *
 * R15 is the number of rounds, R13 and R14 are free for the loop, and so is what
 * an operation uses by itself; RAX is the ticks of all rounds at the end.
 */
#define BENCH_LOOP(name, setup, what)					\
	VT_GUEST(bench_##name, 64,					\
		 setup "; mov %rax, %rbx; mov %rdx, %r11\n"		\
		 "rdtsc; shl $32, %rdx; or %rdx, %rax; mov %rax, %r12\n" \
		 "mov %rbx, %rax; mov %r11, %rdx\n"			\
		 BENCH_BEGIN "\n1: " what "; dec %r15; jnz 1b\n" BENCH_END "\n" \
		 "rdtsc; shl $32, %rdx; or %rdx, %rax; sub %r12, %rax\n" \
		 "9: out %al, $0xf4; jmp 9b\n");			\
	extern const uint8_t guest_bench_##name##_start[];		\
	extern const uint8_t guest_bench_##name##_end[]

#define BENCH_CODE(name) \
	.code = { guest_bench_##name##_start, guest_bench_##name##_end }

struct bench_row {
	const char *name;
	unsigned int goal;
	struct vt_payload code;
	unsigned int per;	/* operations in a round; 0 is 1 */
	/* Before the first run, if not NULL: false where it cannot be had. */
	bool (*prepare)(struct vt_vcpu *vcpu);
};

/*
 * Run each row on this vCPU and report ticks for one operation, less what the
 * empty loop takes. Interrupts of the guest are off until a loop turns them on.
 */
void bench_rows(const char *group, struct vt_vcpu *vcpu,
		const struct bench_row *rows, unsigned int count);
/* One run of a payload: what is in RAX at its end. */
uint64_t bench_run(struct vt_vcpu *vcpu, struct vt_payload code, uint64_t rounds);

#endif
