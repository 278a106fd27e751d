/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels that Vellum builds for, and nothing else.
 * The rest of the module is written as for the newest.
 *
 * Debian's stable kernels take interfaces back from later ones, so a version
 * number says little: Kbuild looks at the headers and defines VLM_HAVE_*.
 */
#ifndef VELLUM_COMPAT_H
#define VELLUM_COMPAT_H

#include <linux/mm.h>
#include <linux/syscore_ops.h>

/* syscore callbacks take a pointer, and the object is named struct syscore. */
#ifdef VLM_HAVE_REGISTER_SYSCORE
#define VLM_DEFINE_SYSCORE(name, on_suspend, on_resume)			\
static int name##_do_suspend(void *unused) { return on_suspend(); }	\
static void name##_do_resume(void *unused) { on_resume(); }		\
static const struct syscore_ops name##_ops = {				\
	.suspend = name##_do_suspend,					\
	.resume = name##_do_resume,					\
};									\
static struct syscore name = { .ops = &name##_ops }
#else
#define VLM_DEFINE_SYSCORE(name, on_suspend, on_resume)			\
static struct syscore_ops name = {					\
	.suspend = on_suspend,						\
	.resume = on_resume,						\
}

#define register_syscore	register_syscore_ops
#define unregister_syscore	unregister_syscore_ops
#endif

/* One call sets up an hrtimer, function included. */
#ifndef VLM_HAVE_HRTIMER_SETUP
#define vlm_hrtimer_setup(timer, fn, clock, mode)	\
	do {						\
		hrtimer_init(timer, clock, mode);	\
		(timer)->function = fn;			\
	} while (0)
#else
#define vlm_hrtimer_setup	hrtimer_setup
#endif

/* A name that warns of user space changing the byte at any time. */
#ifdef VLM_HAVE_IMMEDIATE_EXIT_UNSAFE
#define vlm_immediate_exit(run)	READ_ONCE((run)->immediate_exit__unsafe)
#else
#define vlm_immediate_exit(run)	READ_ONCE((run)->immediate_exit)
#endif

/* How often an eventfd is signalled was once an argument, and always 1. */
#ifdef VLM_HAVE_EVENTFD_SIGNAL_COUNT
#define vlm_eventfd_signal(ctx)	eventfd_signal(ctx, 1)
#else
#define vlm_eventfd_signal(ctx)	eventfd_signal(ctx)
#endif

/* Flags of a mapping were once an ordinary member. */
#ifdef VLM_HAVE_VM_FLAGS_CLEAR
#define vlm_vm_flags_clear(vma, flags)	vm_flags_clear(vma, flags)
#define vlm_vm_flags_set(vma, flags)	vm_flags_set(vma, flags)
#else
#define vlm_vm_flags_set(vma, flags)	((vma)->vm_flags |= (flags))
#define vlm_vm_flags_clear(vma, flags)	((vma)->vm_flags &= ~(flags))
#endif

#endif /* VELLUM_COMPAT_H */
