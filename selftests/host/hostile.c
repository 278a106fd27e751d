// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arguments that no honest client sends: enormous counts, extreme numbers,
 * random bytes. Each must be refused or harmless, and the VM must go on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "vt.h"

FIXTURE(hostile)
{
	struct vt_vm vm;
	struct vt_vcpu vcpu;
};

FIXTURE_SETUP(hostile)
{
	vt_vm_create(&self->vm);
	vt_vcpu_create(&self->vm, &self->vcpu, 0);
}

FIXTURE_TEARDOWN(hostile)
{
	struct kvm_regs regs;

	/* Whatever was sent, the vCPU still answers. */
	EXPECT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_REGS, &regs));
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

TEST_F(hostile, counts)
{
	static const uint32_t counts[] = { 0x7fffffff, 0x80000000, 0xffffffff };
	struct kvm_msrs *msrs = vt_anon(VT_PAGE);
	struct kvm_cpuid2 *cpuid = vt_anon(VT_PAGE);

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		msrs->nmsrs = counts[i];
		EXPECT_EQ(-E2BIG, VT_IOCTL(self->vcpu.fd, KVM_GET_MSRS, msrs));
		EXPECT_EQ(-E2BIG, VT_IOCTL(self->vcpu.fd, KVM_SET_MSRS, msrs));
		cpuid->nent = counts[i];
		EXPECT_EQ(-E2BIG, VT_IOCTL(self->vcpu.fd, KVM_SET_CPUID2, cpuid));
	}
}

TEST_F(hostile, vcpu_ids)
{
	long limit = vt_cap(self->vm.dev, KVM_CAP_MAX_VCPU_ID);

	EXPECT_EQ(-EEXIST, vt_ioctl(self->vm.fd, KVM_CREATE_VCPU, 0));
	EXPECT_EQ(-EINVAL, vt_ioctl(self->vm.fd, KVM_CREATE_VCPU, limit));
	EXPECT_EQ(-EINVAL, vt_ioctl(self->vm.fd, KVM_CREATE_VCPU, 0x7fffffff));
	EXPECT_EQ(-EINVAL, vt_ioctl(self->vm.fd, KVM_CREATE_VCPU, 0xffffffff));
}

/* KVM_CAP_MAX_VCPU_ID is set once, before there is a vCPU, to what is possible. */
TEST_F(hostile, fewer_vcpu_ids)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_MAX_VCPU_ID };
	struct vt_vm vm;

	vt_vm_create(&vm);
	cap.args[0] = vt_cap(vm.dev, KVM_CAP_MAX_VCPU_ID) + 1;
	EXPECT_EQ(-EINVAL, VT_IOCTL(vm.fd, KVM_ENABLE_CAP, &cap));
	cap.args[0] = 2;
	EXPECT_EQ(0, VT_IOCTL(vm.fd, KVM_ENABLE_CAP, &cap));
	EXPECT_EQ(0, VT_IOCTL(vm.fd, KVM_ENABLE_CAP, &cap));
	cap.args[0] = 3;
	EXPECT_EQ(-EINVAL, VT_IOCTL(vm.fd, KVM_ENABLE_CAP, &cap));
	EXPECT_EQ(-EINVAL, vt_ioctl(vm.fd, KVM_CREATE_VCPU, 2));
	vt_vm_destroy(&vm);
	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vm.fd, KVM_ENABLE_CAP, &cap));
}

/* The bootstrap processor is chosen before there is a vCPU. */
TEST_F(hostile, boot_cpu)
{
	struct kvm_sregs sregs;
	struct vt_vcpu vcpus[2];
	struct vt_vm vm;

	EXPECT_EQ(-EBUSY, vt_ioctl(self->vm.fd, KVM_SET_BOOT_CPU_ID, 1));
	vt_vm_create(&vm);
	if (!vt_on_kvm())
		EXPECT_EQ(-EINVAL, vt_ioctl(vm.fd, KVM_SET_BOOT_CPU_ID, ~0ul));
	EXPECT_EQ(0, vt_ioctl(vm.fd, KVM_SET_BOOT_CPU_ID, 1));
	for (unsigned int i = 0; i < 2; i++) {
		vt_vcpu_create(&vm, &vcpus[i], i);
		vt_get_sregs(&vcpus[i], &sregs);
		EXPECT_EQ(i == 1, !!(sregs.apic_base & 0x100));
	}
	for (unsigned int i = 0; i < 2; i++)
		vt_vcpu_destroy(&vcpus[i]);
	vt_vm_destroy(&vm);
}

TEST_F(hostile, vm_has_no_mapping)
{
	EXPECT_EQ(MAP_FAILED, mmap(NULL, self->vm.run_size, PROT_READ,
				   MAP_SHARED, self->vm.fd, 0));
}

/* Beyond the pages that there are: no mapping, or one that faults. */
TEST_F(hostile, run_mapping_ends)
{
	unsigned char *map;
	int status;
	pid_t pid;

	map = mmap(NULL, self->vm.run_size + VT_PAGE, PROT_READ, MAP_SHARED,
		   self->vcpu.fd, 0);
	if (map == MAP_FAILED)
		return;
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		signal(SIGBUS, SIG_DFL);
		_exit(*(volatile unsigned char *)(map + self->vm.run_size));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
}

/* What was mapped to be written does not grow into pages that are to be read. */
TEST_F(hostile, run_mapping_does_not_grow)
{
	void *map;

	if (vt_on_kvm())
		SKIP(return, "KVM lets it grow");
	map = mmap(NULL, self->vm.run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   self->vcpu.fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(MAP_FAILED, mremap(map, self->vm.run_size, 32 * VT_PAGE, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(MAP_FAILED, mremap(map, 0, 32 * VT_PAGE, MREMAP_MAYMOVE));
	munmap(map, self->vm.run_size);
}

TEST_F(hostile, descriptors_run_out)
{
	struct rlimit limit, tight;
	int top = dup(self->vm.dev);

	ASSERT_GE(top, 0);
	close(top);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	tight = limit;
	tight.rlim_cur = top;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &tight));
	EXPECT_EQ(-EMFILE, vt_ioctl(self->vm.dev, KVM_CREATE_VM, 0));
	EXPECT_EQ(-EMFILE, vt_ioctl(self->vm.fd, KVM_CREATE_VCPU, 5));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));

	/* The id that could not be given a file is free again. */
	top = vt_ioctl(self->vm.fd, KVM_CREATE_VCPU, 5);
	EXPECT_GE(top, 0);
	close(top);
}

/* Every command of the type, with random bytes behind a good pointer. */
TEST_F(hostile, random_bytes)
{
	static const unsigned long dirs[] = { _IOC_NONE, _IOC_READ, _IOC_WRITE,
					      _IOC_READ | _IOC_WRITE };
	static const unsigned int sizes[] = { 0, 4, 8, 12, 16, 64, 72, 128, 144,
					      312, 416, 1024, 4096 };
	const int fds[] = { self->vm.dev, self->vm.fd, self->vcpu.fd };
	uint32_t *buf = vt_anon(4 * VT_PAGE);
	unsigned int seed = 20250101;

	/* Files that the commands make land here, and are closed with it. */
	for (unsigned int nr = 0; nr < 256; nr++) {
		if (nr == (KVM_RUN & 0xff))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(dirs) * ARRAY_SIZE(sizes); i++) {
			unsigned int size = sizes[i / ARRAY_SIZE(dirs)];
			unsigned long cmd = _IOC(dirs[i % ARRAY_SIZE(dirs)],
						 KVMIO, nr, size);

			for (size_t w = 0; w < 4 * VT_PAGE / 4; w += 7)
				buf[w] = rand_r(&seed) & 0x0fffffff;
			for (size_t f = 0; f < ARRAY_SIZE(fds); f++)
				vt_ioctl(fds[f], cmd, (unsigned long)buf);
		}
	}
}

TEST_HARNESS_MAIN
