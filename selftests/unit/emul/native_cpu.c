// SPDX-License-Identifier: GPL-2.0-only
/*
 * One instruction at a time on the CPU that runs this test.
 */
#include <asm/ldt.h>
#include <asm/prctl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "machine.h"
#include "native.h"

/* Linux's descriptors for user code and data. */
#define CS_32		0x23
#define CS_64		0x33
#define DS_FLAT		0x2b

#define LDT(n)		((n) << 3 | 7)
#define LDT_CODE_16	1
#define LDT_DATA	2

struct native_state native_state;
struct native_fault native_fault;

/* The first is flat, the last is the null selector. */
struct native_segment native_segments[NATIVE_SEGMENTS] = {
	{ DS_FLAT, 0, 0xffffffff, EM_AR_WRITABLE | EM_AR_BIG },
	{ 0, NATIVE_ARENA, 0xffff, EM_AR_WRITABLE | EM_AR_BIG },
	{ 0, NATIVE_ARENA + 0x3000, 0x1fff, EM_AR_WRITABLE },
	{ 0, NATIVE_ARENA + 0x10, 0xffff, EM_AR_BIG },
	{ 0, NATIVE_ARENA, 0x3fff, EM_AR_WRITABLE | EM_AR_DOWN },
	{ 0, NATIVE_ARENA, 0x2fff, EM_AR_WRITABLE | EM_AR_DOWN | EM_AR_BIG },
	{ 0, 0, 0, EM_AR_UNUSABLE },
};

/* Registers as they were at the exception; then back to native_run(). */
static void on_signal(int number, siginfo_t *info, void *context)
{
	static const int order[16] = {
		REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
		REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15
	};
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	int i;

	(void)number;
	(void)info;
	/* An exception of the test itself, not of an instruction under test. */
	if (native_fault.happened)
		abort();
	for (i = 0; i < 16; i++)
		native_state.gpr[i] = regs[order[i]];
	native_state.flags = regs[REG_EFL];
	native_fault.happened = true;
	native_fault.vector = regs[REG_TRAPNO];
	native_fault.error = regs[REG_ERR];
	native_fault.cr2 = regs[REG_CR2];
	regs[REG_RIP] = (greg_t)native_unwind;
	regs[REG_EFL] = 0x202;
	regs[REG_CSGSFS] = (regs[REG_CSGSFS] & 0x0000ffffffff0000) | CS_64 | (greg_t)DS_FLAT << 48;
}

static const char *catch_signals(void)
{
	static const int numbers[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
	struct sigaction action = {
		.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK,
	};
	static unsigned char memory[1 << 17];
	stack_t stack = { .ss_sp = memory, .ss_size = sizeof(memory) };
	unsigned int i;

	if (sigaltstack(&stack, NULL))
		return "sigaltstack";
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (sigaction(numbers[i], &action, NULL))
			return "sigaction";
	}
	return NULL;
}

static int set_ldt(unsigned int n, uint32_t base, uint32_t limit, unsigned int contents,
		   unsigned int ar)
{
	struct user_desc desc = {
		.entry_number = n, .base_addr = base, .limit = limit, .contents = contents,
		.seg_32bit = !!(ar & EM_AR_BIG),
		.read_exec_only = !(ar & EM_AR_WRITABLE),
	};

	return syscall(SYS_modify_ldt, 0x11, &desc, sizeof(desc));
}

static const char *make_descriptors(void)
{
	unsigned int i;

	if (set_ldt(LDT_CODE_16, NATIVE_CODE, 0xffff, 2, EM_AR_WRITABLE))
		return "modify_ldt";
	for (i = 1; i < NATIVE_SEGMENTS - 1; i++) {
		struct native_segment *s = &native_segments[i];

		s->selector = LDT(LDT_DATA + i);
		if (set_ldt(LDT_DATA + i, s->base, s->limit, s->ar & EM_AR_DOWN ? 1 : 0, s->ar))
			return "modify_ldt";
	}
	return NULL;
}

static void *map(unsigned long at, size_t size, int prot)
{
	void *p = mmap((void *)at, size, prot,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	return p == (void *)at ? p : NULL;
}

const char *native_setup(size_t size)
{
	const char *why;

	if (!map(NATIVE_CODE, PAGE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC))
		return "mmap of code";
	if (!map(NATIVE_ARENA - NATIVE_GUARD, size + 2 * NATIVE_GUARD, PROT_NONE))
		return "mmap of memory";
	if (mprotect((void *)NATIVE_ARENA, size, PROT_READ | PROT_WRITE))
		return "mprotect";
	if (syscall(SYS_arch_prctl, ARCH_SET_GS, NATIVE_GS_BASE))
		return "arch_prctl";
	why = make_descriptors();
	return why ? why : catch_signals();
}

unsigned int native_selector(unsigned int bits)
{
	return bits == 64 ? CS_64 : bits == 32 ? CS_32 : LDT(LDT_CODE_16);
}

void native_place(const unsigned char *bytes, unsigned int length, unsigned int bits)
{
	unsigned char *code = (unsigned char *)NATIVE_CODE;
	uint32_t to = (uint32_t)(uintptr_t)native_exit;

	memcpy(code, bytes, length);
	code += length;
	if (bits == 64) {
		to -= (uint32_t)(uintptr_t)code + 5;
		*code++ = 0xe9;
		memcpy(code, &to, 4);
		native_state.target = NATIVE_CODE;
		return;
	}
	/* A far jump with a 32-bit offset. */
	if (bits == 16)
		*code++ = 0x66;
	*code++ = 0xea;
	memcpy(code, &to, 4);
	memcpy(code + 4, &(uint16_t){ CS_64 }, 2);
	native_state.target = (uintptr_t)native_far;
	native_state.far_offset = bits == 16 ? 0 : NATIVE_CODE;
	native_state.far_selector = native_selector(bits);
}
