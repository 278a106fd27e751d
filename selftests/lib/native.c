// SPDX-License-Identifier: GPL-2.0-only
/*
 * Behind vt_native.h: into the code by rewriting the context of one signal, out
 * of it by that of the next.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <asm/prctl.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "vt.h"
#include "vt_native.h"

#define START_FLAGS	0x202
#define USER_DS		0x2b
#define UC_STRICT_RESTORE_SS	4	/* the kernel takes SS from the context */

static const int gpr_of[VT_GPRS] = {
	REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP,
	REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE };

static struct {
	uint16_t cs;
	uint16_t fs, gs;
	unsigned long fs_base;
	bool inside;
	greg_t before[NGREG];
	struct vt_outcome *out;
} native;

static void enter(greg_t *regs)
{
	memcpy(native.before, regs, sizeof(native.before));
	for (int i = 0; i < VT_GPRS; i++)
		regs[gpr_of[i]] = 0;
	regs[REG_RIP] = VT_CODE;
	regs[REG_RSP] = VT_NATIVE_STACK;
	regs[REG_EFL] = START_FLAGS;
	/* CS, GS, FS, SS, 16 bits each; FS and GS are not restored from here. */
	regs[REG_CSGSFS] = native.cs | (greg_t)USER_DS << 48;
}

static void leave(greg_t *regs)
{
	struct vt_outcome *out = native.out;

	for (int i = 0; i < VT_GPRS; i++)
		out->gpr[i] = regs[gpr_of[i]];
	out->vector = regs[REG_TRAPNO];
	out->error = regs[REG_ERR];
	out->rip = regs[REG_RIP];
	out->rsp = regs[REG_RSP];
	out->rflags = regs[REG_EFL];
	out->cs = regs[REG_CSGSFS] & 0xffff;
	out->ss = regs[REG_CSGSFS] >> 48 & 0xffff;
	memcpy(regs, native.before, sizeof(native.before));
}

/*
 * The code may have loaded FS, and with that the base of this thread's own data
 * is gone: nothing may be called before it is back.
 */
static void handler(int number, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	uint16_t ds, es, fs, gs;
	long ret;

	asm volatile("mov %%ds, %0; mov %%es, %1; mov %%fs, %2; mov %%gs, %3"
		     : "=rm" (ds), "=rm" (es), "=rm" (fs), "=rm" (gs));
	asm volatile("syscall" : "=a" (ret)
		     : "a" (SYS_arch_prctl), "D" (ARCH_SET_FS), "S" (native.fs_base)
		     : "rcx", "r11", "memory");
	(void)number;
	(void)info;
	if (!native.inside) {
		native.inside = true;
		enter(uc->uc_mcontext.gregs);
		uc->uc_flags |= UC_STRICT_RESTORE_SS;
	} else {
		native.inside = false;
		native.out->ds = ds;
		native.out->es = es;
		native.out->fs = fs;
		native.out->gs = gs;
		leave(uc->uc_mcontext.gregs);
	}
}

static bool map(unsigned long at, unsigned long size, int prot)
{
	return mmap((void *)at, size, prot,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == (void *)at;
}

bool vt_native_init(void)
{
	const int rw = PROT_READ | PROT_WRITE;

	return map(VT_CODE, VT_PAGE, rw | PROT_EXEC) && map(VT_DATA, VT_PAGE, rw) &&
	       map(VT_NATIVE_STACK - VT_PAGE, VT_PAGE, rw);
}

void vt_native_run(uint16_t cs, struct vt_outcome *out)
{
	struct sigaction action = {
		.sa_sigaction = handler,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER,
	};
	const int nr = sizeof(signals) / sizeof(signals[0]);
	struct sigaction old[sizeof(signals) / sizeof(signals[0])];
	stack_t stack = { .ss_sp = vt_anon(16 * VT_PAGE), .ss_size = 16 * VT_PAGE };
	stack_t old_stack;

	native.cs = cs;
	native.out = out;
	syscall(SYS_arch_prctl, ARCH_GET_FS, &native.fs_base);
	sigaltstack(&stack, &old_stack);
	for (int i = 0; i < nr; i++)
		sigaction(signals[i], &action, &old[i]);
	asm volatile("mov %0, %%ds; mov %0, %%es; mov %1, %%gs" : : "r" (USER_DS), "r" (0));
	raise(SIGTRAP);
	asm volatile("mov %0, %%ds; mov %0, %%es; mov %0, %%gs" : : "r" (0));
	for (int i = 0; i < nr; i++)
		sigaction(signals[i], &old[i], NULL);
	sigaltstack(&old_stack, NULL);
	munmap(stack.ss_sp, stack.ss_size);
}
