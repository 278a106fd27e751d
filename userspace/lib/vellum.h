/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libvellum: the ioctls of <linux/kvm.h> as functions.
 *
 * One call is one ioctl, with its arguments spelt out. Every function gives 0
 * (or the number it is asked for) on success and -errno on failure, prints
 * nothing, keeps no global state, and works on /dev/vellum and /dev/kvm alike.
 * Calls on one object from several threads are safe where the kernel's are.
 */
#ifndef VELLUM_H
#define VELLUM_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VELLUM_DEFAULT_DEVICE	"/dev/vellum"

/**
 * struct vellum - an open hypervisor device
 * @fd: its file descriptor
 * @run_size: bytes of a vCPU's shared mapping
 */
struct vellum {
	int fd;
	size_t run_size;
};

/**
 * struct vellum_vm - a virtual machine
 * @fd: its file descriptor
 */
struct vellum_vm {
	int fd;
};

/**
 * struct vellum_vcpu - a virtual CPU
 * @fd: its file descriptor
 * @id: its number, which is its APIC ID
 * @run: the mapping that it shares with the kernel
 * @run_size: bytes of @run
 */
struct vellum_vcpu {
	int fd;
	unsigned int id;
	struct kvm_run *run;
	size_t run_size;
};

/**
 * struct vellum_cap - a capability and what it is for
 * @number: its KVM_CAP_*
 * @name: that name without the prefix
 * @what: what a program can do with it, in a few words
 */
struct vellum_cap {
	unsigned int number;
	const char *name;
	const char *what;
};

/* The device (device.c) */
int vellum_open(struct vellum *dev, const char *path);
void vellum_close(struct vellum *dev);
int vellum_api_version(const struct vellum *dev);
int vellum_check(const struct vellum *dev, unsigned int cap);
int vellum_supported_cpuid(const struct vellum *dev, struct kvm_cpuid2 **out);

/* Capabilities by name (names.c) */
extern const struct vellum_cap vellum_caps[];
extern const size_t vellum_nr_caps;
const char *vellum_cap_name(unsigned int cap);

/* A virtual machine (vm.c) */
int vellum_vm_create(const struct vellum *dev, struct vellum_vm *vm);
void vellum_vm_close(struct vellum_vm *vm);
int vellum_vm_check(const struct vellum_vm *vm, unsigned int cap);
int vellum_vm_set_memory(const struct vellum_vm *vm, unsigned int slot, uint64_t gpa,
			 uint64_t size, void *memory, unsigned int flags);
int vellum_vm_set_tss_addr(const struct vellum_vm *vm, uint64_t gpa);
int vellum_vm_set_identity_map_addr(const struct vellum_vm *vm, uint64_t gpa);
int vellum_vm_create_irqchip(const struct vellum_vm *vm);
int vellum_vm_create_pit(const struct vellum_vm *vm);
int vellum_vm_irq_line(const struct vellum_vm *vm, unsigned int gsi, bool level);
int vellum_vm_irqfd(const struct vellum_vm *vm, int eventfd, unsigned int gsi);
int vellum_vm_ioeventfd(const struct vellum_vm *vm, int eventfd, uint64_t addr,
			unsigned int len, uint64_t match);
struct vellum_ept_walk;
int vellum_vm_walk_ept(const struct vellum_vm *vm, uint64_t gpa, struct vellum_ept_walk *walk);

/* A virtual CPU (vcpu.c) */
typedef void vellum_stat_fn(const char *name, uint64_t value, void *context);
int vellum_stats(int fd, vellum_stat_fn *fn, void *context);
int vellum_stats_id(int fd, char *id, size_t room, vellum_stat_fn *fn, void *context);

int vellum_vcpu_create(const struct vellum *dev, const struct vellum_vm *vm,
		       unsigned int id, struct vellum_vcpu *vcpu);
void vellum_vcpu_close(struct vellum_vcpu *vcpu);
int vellum_vcpu_run(const struct vellum_vcpu *vcpu);
int vellum_vcpu_get_regs(const struct vellum_vcpu *vcpu, struct kvm_regs *regs);
int vellum_vcpu_set_regs(const struct vellum_vcpu *vcpu, const struct kvm_regs *regs);
int vellum_vcpu_get_sregs(const struct vellum_vcpu *vcpu, struct kvm_sregs *sregs);
int vellum_vcpu_set_sregs(const struct vellum_vcpu *vcpu, const struct kvm_sregs *sregs);
int vellum_vcpu_get_lapic(const struct vellum_vcpu *vcpu, struct kvm_lapic_state *lapic);
int vellum_vcpu_set_lapic(const struct vellum_vcpu *vcpu, const struct kvm_lapic_state *lapic);
int vellum_vcpu_get_fpu(const struct vellum_vcpu *vcpu, struct kvm_fpu *fpu);
int vellum_vcpu_set_fpu(const struct vellum_vcpu *vcpu, const struct kvm_fpu *fpu);
int vellum_vcpu_get_mp_state(const struct vellum_vcpu *vcpu, uint32_t *state);
int vellum_vcpu_set_guest_debug(const struct vellum_vcpu *vcpu,
				const struct kvm_guest_debug *debug);
int vellum_vcpu_set_cpuid(const struct vellum_vcpu *vcpu, const struct kvm_cpuid2 *cpuid);
int vellum_vcpu_set_msr(const struct vellum_vcpu *vcpu, uint32_t index, uint64_t value);
int vellum_vcpu_get_msr(const struct vellum_vcpu *vcpu, uint32_t index, uint64_t *value);
int vellum_vcpu_tsc_khz(const struct vellum_vcpu *vcpu);
int vellum_vcpu_translate(const struct vellum_vcpu *vcpu, uint64_t linear,
			  struct kvm_translation *out);
const char *vellum_exit_name(unsigned int reason);

#endif /* VELLUM_H */
