/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Vellum answers the ioctls of <linux/kvm.h>, bit for bit, on a device node
 * of its own.  This header adds only what is Vellum's.
 */
#ifndef _UAPI_VELLUM_H
#define _UAPI_VELLUM_H

#include <linux/ioctl.h>
#include <linux/kvm.h>
#include <linux/types.h>

/** VELLUM_DEVICE_NAME - name of the misc device, and of its node in /dev. */
#define VELLUM_DEVICE_NAME	"vellum"
#define VELLUM_DEVICE_PATH	"/dev/" VELLUM_DEVICE_NAME

/**
 * VELLUM_RUN_PAGES - size of the vCPU mapping that KVM_GET_VCPU_MMAP_SIZE
 * names, in pages: struct kvm_run, the port I/O data, the coalesced ring.
 */
#define VELLUM_RUN_PAGES	3

/** VELLUMIO - type of the ioctls that are not KVM's. */
#define VELLUMIO		0xBE

/**
 * VELLUM_RECORD - ioctl on a VM: record the exits of its vCPUs, those to come
 * included; the argument is a mask of VELLUM_RECORD_*.  0 stops.  Setting it
 * again lets a frozen ring go on.  -EINVAL: an unknown bit.
 */
#define VELLUM_RECORD		_IO(VELLUMIO, 0x01)

#define VELLUM_RECORD_RING	0x1	/* the last exits, see below */
#define VELLUM_RECORD_LEDGER	0x2	/* counts by reason and cause */

/**
 * VELLUM_GET_LEDGER_FD - ioctl on a VM: a file to be read from its beginning:
 * struct vellum_ledger, then its entries.  -ENOENT: nothing was recorded.
 */
#define VELLUM_GET_LEDGER_FD	_IO(VELLUMIO, 0x02)

/** VELLUM_RING_PAGE - where the ring is in the mapping of a vCPU; read-only. */
#define VELLUM_RING_PAGE	16
/** VELLUM_RING_PAGES - its size: a page for struct vellum_ring, the records. */
#define VELLUM_RING_PAGES	5
/** VELLUM_RING_RECORDS - exit n is in record n modulo this. */
#define VELLUM_RING_RECORDS	256

/* Who was the last to work on an exit. */
#define VELLUM_BY_FAST		1	/* without leaving the section */
#define VELLUM_BY_SLOW		2	/* in process context */
#define VELLUM_BY_USER		3	/* KVM_RUN returned */

/**
 * struct vellum_exit - one exit
 * @tsc: time-stamp counter of the host
 * @host: ticks until the entry that followed; 0: there was none yet
 * @rip: of the guest
 * @cause: port, MSR, guest-physical address, CPUID leaf, hypercall, exception
 *         vector, offset in the APIC page, register access
 * @qualification: exit qualification, where the reason has one that is used
 * @reason: basic exit reason
 * @by: VELLUM_BY_*
 * @reserved: 0
 * @interruption: VM-exit interruption information, or 0
 * @vectoring: IDT-vectoring information: an event whose delivery it broke off
 * @event: VM-entry interruption information of the entry that followed
 * @number: of this exit, from 0 on
 */
struct vellum_exit {
	__u64 tsc;
	__u64 host;
	__u64 rip;
	__u64 cause;
	__u64 qualification;
	__u16 reason;
	__u8 by;
	__u8 reserved;
	__u32 interruption;
	__u32 vectoring;
	__u32 event;
	__u64 number;
};

/* Why a ring is frozen. */
#define VELLUM_FROZEN_ENTRY	1	/* the CPU refused the entry */
#define VELLUM_FROZEN_ERROR	2	/* KVM_EXIT_INTERNAL_ERROR */
#define VELLUM_FROZEN_SHUTDOWN	3	/* triple fault */

/**
 * struct vellum_ring - the first page of a ring
 * @records: VELLUM_RING_RECORDS
 * @frozen: 0, or VELLUM_FROZEN_*: nothing is recorded any more
 * @head: exits recorded so far
 * @tsc_khz: of the host
 * @reserved: 0
 * @regs: registers, when it froze
 * @sregs: likewise
 *
 * Written by the vCPU's thread.  While the vCPU runs, the record before @head may
 * be changing.
 */
struct vellum_ring {
	__u32 records;
	__u32 frozen;
	__u64 head;
	__u32 tsc_khz;
	__u32 reserved;
	struct kvm_regs regs;
	struct kvm_sregs sregs;
};

/**
 * struct vellum_ledger_entry - exits of one reason and one cause
 * @vcpu: id of the vCPU
 * @reason: basic exit reason
 * @flags: VELLUM_LEDGER_REST
 * @cause: as in struct vellum_exit; a guest-physical address without its last 12 bits
 * @count: exits that were followed by an entry
 * @host: ticks from those exits to those entries
 */
struct vellum_ledger_entry {
	__u32 vcpu;
	__u16 reason;
	__u16 flags;
	__u64 cause;
	__u64 count;
	__u64 host;
};

/* Causes that the ledger had no place for, @cause is 0. */
#define VELLUM_LEDGER_REST	0x1

/**
 * struct vellum_ledger - what the file begins with
 * @entry_size: of one entry
 * @entries: how many follow
 * @tsc_khz: of the host
 * @reserved: 0
 */
struct vellum_ledger {
	__u32 entry_size;
	__u32 entries;
	__u32 tsc_khz;
	__u32 reserved;
};

/** VELLUM_EPT_LEVELS - levels of an EPT, and so entries on the way to a page. */
#define VELLUM_EPT_LEVELS	4

/**
 * struct vellum_ept_walk - the way of a guest-physical address through the EPT
 * @gpa: in: the address, below 2 to the 48th
 * @eptp: out: the EPT pointer
 * @levels: out: entries that were read, the root's first
 * @pad: in: 0
 * @level: out: host-physical address of each table, and the entry in it; the last
 *         one that was read maps a page or is not present
 */
struct vellum_ept_walk {
	__u64 gpa;
	__u64 eptp;
	__u32 levels;
	__u32 pad;
	struct {
		__u64 table;
		__u64 entry;
	} level[VELLUM_EPT_LEVELS];
};

/**
 * VELLUM_WALK_EPT - on a VM: fill in a struct vellum_ept_walk
 *
 * -EPERM without CAP_SYS_ADMIN, which host-physical addresses are for; -EINVAL for
 * an address or padding that cannot be. It changes nothing.
 */
#define VELLUM_WALK_EPT		_IOWR(VELLUMIO, 0x03, struct vellum_ept_walk)

/**
 * VELLUM_CAP_DOCTOR - a VM entry that the CPU refuses is explained
 *
 * KVM_CHECK_EXTENSION: 1.  KVM_ENABLE_CAP on a VM: with args[0] = 1 the state is
 * checked before each entry too, and KVM_RUN ends as if the CPU had refused it;
 * 0 turns that off.
 */
#define VELLUM_CAP_DOCTOR	0x564c0001

/**
 * struct vellum_number - a VMCS field, or a capability of the CPU
 * @id: encoding of the field, or number of the MSR; with bit 31 set it is
 *      Vellum's own, see docs/doctor.md
 * @reserved: 0
 * @value: its value
 */
struct vellum_number {
	__u32 id;
	__u32 reserved;
	__u64 value;
};

/**
 * struct vellum_rule - a rule of VM entry that is broken
 * @name: a word
 * @section: title of the section in the SDM
 * @text: the rule, and the values that break it
 */
struct vellum_rule {
	char name[40];
	char section[72];
	char text[400];
};

#define VELLUM_DOCTOR_REFUSED	1	/* by the CPU */
#define VELLUM_DOCTOR_CHECKED	2	/* by the check before the entry */

/**
 * struct vellum_doctor - why the vCPU's last entry was refused
 * @flags: out: VELLUM_DOCTOR_*
 * @exit_reason: out: with bit 31 set; 0 after VMfail
 * @instruction_error: out: after VMfail
 * @nr_fields: in: room in @fields; out: how many there are
 * @nr_caps: in: room in @caps; out: how many there are
 * @nr_rules: in: room in @rules; out: how many there are
 * @qualification: out: exit qualification
 * @fields: in: address of struct vellum_number[]: the VMCS
 * @caps: in: address of struct vellum_number[]: the CPU
 * @rules: in: address of struct vellum_rule[]: what is broken
 * @reserved: 0
 *
 * No more is written than there is room for.
 */
struct vellum_doctor {
	__u32 flags;
	__u32 exit_reason;
	__u32 instruction_error;
	__u32 nr_fields;
	__u32 nr_caps;
	__u32 nr_rules;
	__u64 qualification;
	__u64 fields;
	__u64 caps;
	__u64 rules;
	__u64 reserved;
};

/**
 * VELLUM_GET_DOCTOR - ioctl on a vCPU: explain its last refused entry
 *
 * -ENOENT: none was refused.
 */
#define VELLUM_GET_DOCTOR	_IOWR(VELLUMIO, 0x10, struct vellum_doctor)

#endif /* _UAPI_VELLUM_H */
