// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests in all modes at once, each in a thread that is moved between CPUs and
 * preempted all the while, next to host threads that use the same registers.
 * What they compute must come out as on an empty machine.
 */
#define _GNU_SOURCE
#include <asm/processor-flags.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "vt.h"

#define WORDS	512u
#define ROUNDS	8000u
#define GUESTS	VT_MODES

/* General registers and memory: the same work as vcpu/modes.c, for longer. */
static uint32_t sum(uint32_t *words)
{
	uint32_t a = 0, b = 0x12345678, d = 0x9e3779b9;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (unsigned int i = 0; i < WORDS; i++) {
			a += words[i];
			a = (a << 5 | a >> 27) ^ b;
			b += d;
			words[i] = a;
			d = (d & 0xffff0000) | (a & 0xffff);
		}
	}
	return a;
}

struct guest {
	struct vt_vm vm;
	struct vt_vcpu vcpu;
	enum vt_mode mode;
	pthread_t thread;
	uint32_t result;
};

static void fill(uint32_t *words)
{
	for (unsigned int i = 0; i < WORDS; i++)
		words[i] = 0x01000193u * (i + 1);
}

static void *run_guest(void *arg)
{
	struct guest *guest = arg;
	bool small = guest->mode == VT_REAL || guest->mode == VT_PROT16;
	struct kvm_regs regs;

	if (small)
		vt_start(&guest->vcpu, guest->mode, VT_PAYLOAD(sum16));
	else if (guest->mode == VT_LONG)
		vt_start(&guest->vcpu, guest->mode, VT_PAYLOAD(sum64));
	else
		vt_start(&guest->vcpu, guest->mode, VT_PAYLOAD(sum32));
	vt_get_regs(&guest->vcpu, &regs);
	regs.rsi = small ? 0 : VT_DATA;
	regs.rcx = WORDS;
	regs.rbp = ROUNDS;
	/* See vcpu/signals.c for why interrupts are on. */
	regs.rflags |= X86_EFLAGS_IF;
	vt_set_regs(&guest->vcpu, &regs);
	vt_run_to(&guest->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&guest->vcpu, &regs);
	guest->result = regs.rax;
	return NULL;
}

/* Push each thread from one CPU to the next until all are done. */
static void move_around(pthread_t *threads, unsigned int count)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int left = count, turn = 0;

	while (left) {
		left = 0;
		turn++;
		for (unsigned int i = 0; i < count; i++) {
			cpu_set_t set;

			if (!threads[i])
				continue;
			if (pthread_tryjoin_np(threads[i], NULL) == 0) {
				threads[i] = 0;
				continue;
			}
			left++;
			CPU_ZERO(&set);
			CPU_SET((turn + i) % cpus, &set);
			pthread_setaffinity_np(threads[i], sizeof(set), &set);
		}
		usleep(2000);
	}
}

TEST(all_modes_at_once)
{
	static struct guest guests[GUESTS];
	static uint32_t words[WORDS];
	pthread_t threads[GUESTS];
	uint32_t want;

	fill(words);
	want = sum(words);
	for (unsigned int i = 0; i < GUESTS; i++) {
		vt_vm_create(&guests[i].vm);
		vt_vcpu_create(&guests[i].vm, &guests[i].vcpu, 0);
		vt_pass_cpuid(&guests[i].vcpu);
		guests[i].mode = i;
		fill((uint32_t *)(guests[i].vm.mem + VT_DATA));
	}
	for (unsigned int i = 0; i < GUESTS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, run_guest, &guests[i]));
	move_around(threads, GUESTS);
	for (unsigned int i = 0; i < GUESTS; i++) {
		EXPECT_EQ(want, guests[i].result)
			TH_LOG("%s", vt_mode_name(i));
		EXPECT_EQ(0, memcmp(words, guests[i].vm.mem + VT_DATA, sizeof(words)));
		vt_vcpu_destroy(&guests[i].vcpu);
		vt_vm_destroy(&guests[i].vm);
	}
}

/*
 * The same instructions in a guest and in the host process. In: RDI = 512 bytes
 * to begin with and for the result, RCX = rounds. Sixteen vector registers and
 * the whole x87 stack are live through all of it.
 */
#define EACH(op) \
	op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) \
	op(8) op(9) op(10) op(11) op(12) op(13) op(14) op(15)
#define LOAD(n)		"movdqu 16*" #n "(%rdi), %xmm" #n "\n"
#define STORE(n)	"movdqu %xmm" #n ", 16*" #n "(%rdi)\n"
#define YLOAD(n)	"vmovdqu 32*" #n "(%rdi), %ymm" #n "\n"
#define YSTORE(n)	"vmovdqu %ymm" #n ", 32*" #n "(%rdi)\n"
#define STEP(a, b)	"paddd %xmm" #a ", %xmm" #b "; pshufd $0x39, %xmm" #b ", %xmm" #b "\n"
#define YSTEP(a, b)	"vxorps %ymm" #a ", %ymm" #b ", %ymm" #b "\n" \
			"vshufps $0x39, %ymm" #b ", %ymm" #b ", %ymm" #b "\n"
#define RING(step) \
	step(0, 1) step(1, 2) step(2, 3) step(3, 4) step(4, 5) step(5, 6) step(6, 7) \
	step(7, 8) step(8, 9) step(9, 10) step(10, 11) step(11, 12) step(12, 13) \
	step(13, 14) step(14, 15) step(15, 0)

#define SSE_WORK \
	"fninit; fld1; fldpi; fldl2e; fldln2\n" \
	EACH(LOAD) \
	"1:\n" RING(STEP) \
	"fadd %st(1), %st; fxch %st(2); fmul %st(3), %st; fxch %st(1)\n" \
	"dec %rcx; jnz 1b\n" \
	EACH(STORE) \
	"fstpt 256(%rdi); fstpt 272(%rdi); fstpt 288(%rdi); fstpt 304(%rdi)\n"

#define AVX_WORK \
	EACH(YLOAD) \
	"1:\n" RING(YSTEP) \
	"dec %rcx; jnz 1b\n" \
	EACH(YSTORE)

VT_GUEST(sse_work, 64, SSE_WORK "hlt");
VT_GUEST(avx_work, 64, AVX_WORK "hlt");

/* The same as functions; all these registers are the caller's to save. */
#define HERE(name, text)						\
	void name(uint8_t *data, uint64_t rounds);			\
	asm(".pushsection .text\n" #name ": mov %rsi, %rcx\n"		\
	    text "ret\n.popsection\n")

HERE(sse_here, SSE_WORK);
HERE(avx_here, AVX_WORK "vzeroupper\n");

#define VECTOR_ROUNDS	200000

struct vector {
	struct vt_vm vm;
	struct vt_vcpu vcpu;
	bool avx;
	bool guest;
	uint8_t result[512];
};

static void vector_fill(uint8_t *data)
{
	for (unsigned int i = 0; i < 512; i++)
		data[i] = i * 37 + 11;
}

static void *run_vector(void *arg)
{
	struct vector *vector = arg;
	struct kvm_regs regs;

	vector_fill(vector->result);
	if (!vector->guest) {
		(vector->avx ? avx_here : sse_here)(vector->result, VECTOR_ROUNDS);
		return NULL;
	}
	vector_fill(vector->vm.mem + VT_DATA);
	vt_get_regs(&vector->vcpu, &regs);
	regs.rdi = VT_DATA;
	regs.rcx = VECTOR_ROUNDS;
	regs.rflags |= X86_EFLAGS_IF;
	vt_set_regs(&vector->vcpu, &regs);
	vt_run_to(&vector->vcpu, KVM_EXIT_HLT);
	memcpy(vector->result, vector->vm.mem + VT_DATA, sizeof(vector->result));
	return NULL;
}

static bool has_avx(void)
{
	return __builtin_cpu_supports("avx");
}

static void prepare_vector(struct vector *vector, bool avx, bool guest)
{
	struct kvm_xcrs xcrs = { .nr_xcrs = 1, .xcrs[0].value = 7 };
	struct kvm_sregs sregs;
	long ret;

	vector->avx = avx;
	vector->guest = guest;
	if (!guest)
		return;
	vt_vm_create(&vector->vm);
	vt_vcpu_create(&vector->vm, &vector->vcpu, 0);
	vt_pass_cpuid(&vector->vcpu);
	vt_start(&vector->vcpu, VT_LONG, avx ? VT_PAYLOAD(avx_work) : VT_PAYLOAD(sse_work));
	vt_get_sregs(&vector->vcpu, &sregs);
	sregs.cr4 |= X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT;
	if (avx)
		sregs.cr4 |= X86_CR4_OSXSAVE;
	vt_set_sregs(&vector->vcpu, &sregs);
	if (avx) {
		ret = VT_IOCTL(vector->vcpu.fd, KVM_SET_XCRS, &xcrs);
		if (ret)
			vt_die("KVM_SET_XCRS: %s", strerror(-ret));
	}
}

/* Three guests and a host thread, all with vector registers full. */
TEST(vector_registers)
{
	static struct vector all[4];
	pthread_t threads[4];

	for (unsigned int i = 0; i < 4; i++)
		prepare_vector(&all[i], has_avx() && i % 2, i != 3);
	for (unsigned int i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, run_vector, &all[i]));
	move_around(threads, 4);
	for (unsigned int i = 0; i < 4; i++) {
		uint8_t want[512];

		vector_fill(want);
		(all[i].avx ? avx_here : sse_here)(want, VECTOR_ROUNDS);
		EXPECT_EQ(0, memcmp(want, all[i].result, sizeof(want)))
			TH_LOG("thread %u%s%s", i, all[i].avx ? ", AVX" : ", SSE and x87",
			       all[i].guest ? ", guest" : ", host");
		if (all[i].guest) {
			vt_vcpu_destroy(&all[i].vcpu);
			vt_vm_destroy(&all[i].vm);
		}
	}
}

/* A vCPU may be used by any thread, one after the other. */
VT_GUEST(steps, 64, "1: inc %rax; hlt; jmp 1b");

static void *one_step(void *arg)
{
	vt_run_to(arg, KVM_EXIT_HLT);
	return NULL;
}

TEST(any_thread)
{
	struct kvm_regs regs;
	struct vt_vcpu vcpu;
	struct vt_vm vm;

	vt_vm_create(&vm);
	vt_vcpu_create(&vm, &vcpu, 0);
	vt_start(&vcpu, VT_LONG, VT_PAYLOAD(steps));
	for (int i = 0; i < 20; i++) {
		pthread_t thread;
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(i % sysconf(_SC_NPROCESSORS_ONLN), &set);
		ASSERT_EQ(0, pthread_create(&thread, NULL, one_step, &vcpu));
		pthread_setaffinity_np(thread, sizeof(set), &set);
		ASSERT_EQ(0, pthread_join(thread, NULL));
		vt_get_regs(&vcpu, &regs);
		EXPECT_EQ(i + 1, regs.rax);
	}
	vt_vcpu_destroy(&vcpu);
	vt_vm_destroy(&vm);
}

TEST_HARNESS_MAIN
