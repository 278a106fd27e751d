/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vt: what the selftests share.
 *
 * A test opens the device, makes a VM, puts a small guest into its memory and
 * runs it. Nothing here knows which hypervisor answers: VELLUM_DEV names the
 * device node, so the same test runs on /dev/vellum and on /dev/kvm.
 *
 * Helpers that return no error end the test with a message when they fail:
 * they are for the steps that lead to the behaviour under test. The behaviour
 * itself is tested with plain ioctl().
 */
#ifndef VT_H
#define VT_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

#define VT_PAGE		4096ul
#define VT_MIB		(1024ul * 1024)

/* The device */

const char *vt_device(void);
bool vt_on_kvm(void);
int vt_open(void);
int vt_cap(int fd, int cap);
void __attribute__((noreturn, format(printf, 1, 2))) vt_die(const char *fmt, ...);

/* ioctl() that gives 0 or more on success and -errno on failure. */
long vt_ioctl(int fd, unsigned long cmd, unsigned long arg);
#define VT_IOCTL(fd, cmd, ptr)	vt_ioctl(fd, cmd, (unsigned long)(ptr))

/* The kernel around the test */

bool vt_read_line(const char *path, char *line, size_t size);
long vt_meminfo_kib(const char *field);
bool vt_loaded(const char *module);
/* KERNEL=debug: all is slow, and freed memory stays away for a while (KASAN). */
bool vt_debug_kernel(void);
/* How many times longer the host takes there; 1 elsewhere. Guests are as fast as ever. */
unsigned int vt_slow(void);

/*
 * Where things lie in guest-physical memory. A payload may use all of what is
 * left above VT_FREE; 16-bit code reaches everything below 1 MiB.
 */
#define VT_GDT		0x1000u
#define VT_IDT		0x2000u
#define VT_TSS		0x3000u
#define VT_TABLES	0x4000u		/* page tables, up to VT_CODE */
#define VT_CODE		0x10000u	/* payload; entered at its first byte */
#define VT_CODE_SIZE	0x10000u
#define VT_DATA		0x20000u	/* within reach of 16-bit code */
#define VT_DATA_SIZE	0x40000u
#define VT_HANDLERS	0x60000u	/* of vt_catch() */
#define VT_CAUGHT	0x6f000u
#define VT_STACK_BASE	0x70000u
#define VT_STACK_TOP	0x7fff0u
#define VT_FREE		0x100000u
#define VT_LOW_SIZE	(2 * VT_MIB)	/* what vt_vm_create() maps at 0 */

/* Selectors of the GDT that vt_enter_mode() writes. */
#define VT_SEL_CODE	0x08	/* ring 0 */
#define VT_SEL_DATA	0x10
#define VT_SEL_TSS	0x20
#define VT_SEL_UCODE	0x33	/* ring 3 */
#define VT_SEL_UDATA	0x3b

enum vt_mode {
	VT_REAL,	/* real mode, 16-bit */
	VT_PROT16,	/* protected mode, 16-bit segments */
	VT_FLAT32,	/* protected mode, flat 32-bit, no paging */
	VT_PAGED32,	/* the same with two-level paging */
	VT_PAE,		/* the same with PAE paging */
	VT_LONG,	/* 64-bit, four-level paging */
	VT_MODES
};

const char *vt_mode_name(enum vt_mode mode);

struct vt_vm {
	int dev;
	int fd;
	size_t run_size;
	uint8_t *mem;		/* host address of guest-physical 0 */
	size_t mem_size;
	uint64_t next_table;	/* where vt_map_long() puts the next one */
};

struct vt_vcpu {
	struct vt_vm *vm;
	int fd;
	unsigned int id;
	struct kvm_run *run;
};

/*
 * A piece of guest code, linked in as data: either guest/NAME.S, or written
 * beside its test with VT_GUEST(NAME, 16|32|64, "instructions").
 */
struct vt_payload {
	const uint8_t *start;
	const uint8_t *end;
};

#define VT_PAYLOAD(name) __extension__ ({				\
	extern const uint8_t guest_##name##_start[];			\
	extern const uint8_t guest_##name##_end[];			\
	(struct vt_payload){ guest_##name##_start, guest_##name##_end };	\
})

#define VT_GUEST(name, bits, text)					\
	asm(".pushsection .rodata.guest, \"a\"\n"			\
	    ".balign 16\n"						\
	    "guest_" #name "_start:\n"					\
	    ".code" #bits "\n"						\
	    text "\n"							\
	    "guest_" #name "_end:\n"					\
	    ".code64\n"							\
	    ".popsection\n")

/* VM without memory, and VM with VT_LOW_SIZE bytes at 0 in slot 0. */
void vt_vm_create_bare(struct vt_vm *vm);
void vt_vm_create(struct vt_vm *vm);
void vt_vm_destroy(struct vt_vm *vm);
void vt_set_slot(struct vt_vm *vm, unsigned int slot, uint64_t gpa, size_t size,
		 const void *hva, unsigned int flags);
long vt_try_slot(int vm_fd, unsigned int slot, uint64_t gpa, size_t size,
		 const void *hva, unsigned int flags);
void *vt_anon(size_t size);
void vt_vcpu_create(struct vt_vm *vm, struct vt_vcpu *vcpu, unsigned int id);
void vt_vcpu_destroy(struct vt_vcpu *vcpu);

/* A value of KVM_GET_STATS_FD on a VM or a vCPU, by its name. */
uint64_t vt_stat(int of, const char *name);

/* Registers */

void vt_get_regs(struct vt_vcpu *vcpu, struct kvm_regs *regs);
void vt_set_regs(struct vt_vcpu *vcpu, const struct kvm_regs *regs);
void vt_get_sregs(struct vt_vcpu *vcpu, struct kvm_sregs *sregs);
void vt_set_sregs(struct vt_vcpu *vcpu, const struct kvm_sregs *sregs);
uint64_t vt_get_msr(struct vt_vcpu *vcpu, uint32_t index);
long vt_try_get_msr(struct vt_vcpu *vcpu, uint32_t index, uint64_t *value);
long vt_set_msr(struct vt_vcpu *vcpu, uint32_t index, uint64_t value);
struct kvm_cpuid2 *vt_supported_cpuid(int dev);
const struct kvm_cpuid_entry2 *vt_cpuid_leaf(const struct kvm_cpuid2 *cpuid,
					     uint32_t function, uint32_t index);
void vt_pass_cpuid(struct vt_vcpu *vcpu);

/* Guests */

void vt_enter_mode(struct vt_vcpu *vcpu, enum vt_mode mode);
void vt_map_long(struct vt_vm *vm, uint64_t gva, uint64_t gpa, size_t size,
		 uint64_t flags);
void vt_load(struct vt_vcpu *vcpu, struct vt_payload code);
void vt_start(struct vt_vcpu *vcpu, enum vt_mode mode, struct vt_payload code);

/*
 * What a handler of the guest caught last. After vt_catch() every vector has a
 * handler that fills this and executes HLT. In 32-bit modes RSP and SS are only
 * right when ring 3 was interrupted.
 */
struct vt_caught {
	uint64_t vector;
	uint64_t error;
	uint64_t rip;
	uint64_t cs;
	uint64_t rflags;
	uint64_t rsp;
	uint64_t ss;
	uint64_t cr2;
	uint64_t count;		/* events since vt_catch() */
};

void vt_catch(struct vt_vcpu *vcpu, enum vt_mode mode);
/* A 64-bit guest's handler for one vector, below 4 GiB, ring 0 only. */
void vt_set_gate(struct vt_vm *vm, unsigned int vector, uint64_t to);
const struct vt_caught *vt_caught(const struct vt_vcpu *vcpu);

/*
 * KVM_RUN until the vCPU stops for something else than a signal; the exit
 * reason, or -errno.
 */
long vt_run(struct vt_vcpu *vcpu);
const char *vt_exit_name(unsigned int reason);
/* The same, and end the test unless the exit is the one wanted. */
void vt_run_to(struct vt_vcpu *vcpu, unsigned int reason);
/* Run up to an OUT to port; its value. */
uint32_t vt_run_to_out(struct vt_vcpu *vcpu, uint16_t port);
/* Value of the OUT that the vCPU stopped at. */
uint32_t vt_out_value(const struct vt_vcpu *vcpu);

/*
 * A vCPU in a thread of its own. Signals (SIGUSR1) do not end its run until it
 * is told to stop; any other exit does, and so does any other error.
 */
struct vt_thread {
	struct vt_vcpu *vcpu;
	pthread_t thread;
	atomic_bool stop;
	atomic_uint kicks;	/* how often KVM_RUN ended with -EINTR */
	atomic_bool done;
	long result;		/* exit reason, -errno, or VT_STOPPED */
};

#define VT_STOPPED	(-100000l)

/*
 * The calling thread, and those that it makes, stay on that CPU of the host. Tests of NMIs
 * do: Bochs 2.7 takes blocking by NMI along to the CPU's next VM when a guest goes to another
 * CPU before its IRET, or ends.
 */
void vt_stay_on(unsigned int cpu);

/* A thread, or the test ends. */
pthread_t vt_spawn(void *(*what)(void *), void *arg);

void vt_thread_start(struct vt_thread *thread, struct vt_vcpu *vcpu);
/* Kick it, once; whether KVM_RUN came back with -EINTR within two seconds. */
bool vt_thread_kick(struct vt_thread *thread);
/* Wait for its end; VT_STOPPED when it had to be stopped after so many ms. */
long vt_thread_end(struct vt_thread *thread, unsigned int ms);
/* Does the guest that counts there run? It has two seconds to show it. */
bool vt_counts(const volatile uint64_t *count);

#endif
