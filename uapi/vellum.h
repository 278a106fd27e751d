/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Vellum answers the ioctls of <linux/kvm.h>, bit for bit, on a device node
 * of its own.  This header adds only what is Vellum's.
 */
#ifndef _UAPI_VELLUM_H
#define _UAPI_VELLUM_H

#include <linux/kvm.h>

/** VELLUM_DEVICE_NAME - name of the misc device, and of its node in /dev. */
#define VELLUM_DEVICE_NAME	"vellum"
#define VELLUM_DEVICE_PATH	"/dev/" VELLUM_DEVICE_NAME

/**
 * VELLUM_RUN_PAGES - size of the vCPU mapping that KVM_GET_VCPU_MMAP_SIZE
 * names, in pages: struct kvm_run, the port I/O data, the coalesced ring.
 */
#define VELLUM_RUN_PAGES	3

#endif /* _UAPI_VELLUM_H */
