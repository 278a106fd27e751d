// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device node: open, what it answers of itself.
 */
#include "vellum.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

/**
 * vellum_open() - open a hypervisor device
 * @dev: filled in
 * @path: its node, or NULL for VELLUM_DEFAULT_DEVICE
 *
 * Return: 0, -errno of open(), or -EPROTO when what answers does not speak
 * version 12 of KVM's API.
 */
int vellum_open(struct vellum *dev, const char *path)
{
	int size, err;

	dev->fd = open(path ? path : VELLUM_DEFAULT_DEVICE, O_RDWR | O_CLOEXEC);
	if (dev->fd < 0)
		return -errno;
	if (vellum_api_version(dev) != KVM_API_VERSION) {
		err = -EPROTO;
		goto err_close;
	}
	size = ioctl(dev->fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (size < (int)sizeof(struct kvm_run)) {
		err = size < 0 ? -errno : -EPROTO;
		goto err_close;
	}
	dev->run_size = size;
	return 0;

err_close:
	vellum_close(dev);
	return err;
}

/**
 * vellum_close() - close a device; its machines live on
 * @dev: the device
 */
void vellum_close(struct vellum *dev)
{
	if (dev->fd >= 0)
		close(dev->fd);
	dev->fd = -1;
}

/**
 * vellum_api_version() - KVM_GET_API_VERSION
 * @dev: the device
 *
 * Return: the version, or -errno.
 */
int vellum_api_version(const struct vellum *dev)
{
	int version = ioctl(dev->fd, KVM_GET_API_VERSION, 0);

	return version < 0 ? -errno : version;
}

/**
 * vellum_check() - KVM_CHECK_EXTENSION
 * @dev: the device
 * @cap: a KVM_CAP_*
 *
 * Return: what the device answers, 0 for "no", or -errno.
 */
int vellum_check(const struct vellum *dev, unsigned int cap)
{
	int answer = ioctl(dev->fd, KVM_CHECK_EXTENSION, (unsigned long)cap);

	return answer < 0 ? -errno : answer;
}

/**
 * vellum_supported_cpuid() - KVM_GET_SUPPORTED_CPUID
 * @dev: the device
 * @out: set to the leaves, to be freed with free()
 *
 * Return: 0 or -errno.
 */
int vellum_supported_cpuid(const struct vellum *dev, struct kvm_cpuid2 **out)
{
	unsigned int n;

	/* The kernel says E2BIG as long as the table is too short. */
	for (n = 64; n <= 4096; n *= 2) {
		struct kvm_cpuid2 *cpuid;

		cpuid = calloc(1, sizeof(*cpuid) + n * sizeof(cpuid->entries[0]));
		if (!cpuid)
			return -ENOMEM;
		cpuid->nent = n;
		if (!ioctl(dev->fd, KVM_GET_SUPPORTED_CPUID, cpuid)) {
			*out = cpuid;
			return 0;
		}
		free(cpuid);
		if (errno != E2BIG)
			return -errno;
	}
	return -E2BIG;
}
