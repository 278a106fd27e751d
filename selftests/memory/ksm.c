// SPDX-License-Identifier: GPL-2.0-only
/* Pages that KSM merges while a guest writes to them. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vt_fixture.h"

#define BASE	0x40000000ul
#define PAGES	64u
#define SIZE	(PAGES * VT_PAGE)

FIXTURE(ksm)
{
	struct vt_vm vm;
	struct vt_vcpu vcpu;
	struct vt_thread thread;
	uint8_t *mem;
};

static bool set(const char *name, const char *value)
{
	char path[80];
	FILE *file;
	bool ok;

	snprintf(path, sizeof(path), "/sys/kernel/mm/ksm/%s", name);
	file = fopen(path, "w");
	if (!file)
		return false;
	ok = fputs(value, file) >= 0;
	return fclose(file) == 0 && ok;
}

static void must_set(const char *name, const char *value)
{
	if (!set(name, value))
		vt_die("cannot set %s of KSM: %s", name, strerror(errno));
}

static unsigned long sharing(void)
{
	char line[32];

	if (!vt_read_line("/sys/kernel/mm/ksm/pages_sharing", line, sizeof(line)))
		vt_die("cannot read what KSM shares");
	return strtoul(line, NULL, 10);
}

/*
 * Each round adds 1 to a word of each page, so that all pages are the same
 * again after it, and then waits, longer or shorter: for merging takes a while,
 * and is to be met at each of its stages. A word that is not the number of the
 * round ends it, with its address in RSI; so does the host's flag, with 0.
 */
VT_GUEST(same_pages, 64,
	 "sti; xor %edx, %edx\n"
	 "2: mov $0x40000000, %esi; mov $64, %ecx\n"
	 "1: cmp %rdx, (%rsi); jne 9f; incq (%rsi); add $4096, %rsi; dec %ecx; jnz 1b\n"
	 "inc %rdx; mov %rdx, 0x20000\n"
	 "imul $0x9e3779b1, %edx, %ecx; shr $13, %ecx; inc %ecx\n"
	 "3: dec %ecx; jnz 3b\n"
	 "cmpl $0, 0x20008; je 2b\n"
	 "xor %esi, %esi\n"
	 "9: hlt");

FIXTURE_SETUP(ksm)
{
	vt_vm_create(&self->vm);
	vt_vcpu_create(&self->vm, &self->vcpu, 0);
	vt_pass_cpuid(&self->vcpu);
	self->mem = vt_anon(SIZE);
	memset(self->mem, 0x5a, SIZE);
	for (unsigned int page = 0; page < PAGES; page++)
		*(uint64_t *)(self->mem + page * VT_PAGE) = 0;
	if (madvise(self->mem, SIZE, MADV_NOHUGEPAGE) ||
	    madvise(self->mem, SIZE, MADV_MERGEABLE))
		vt_die("MADV_MERGEABLE: %s", strerror(errno));
	vt_set_slot(&self->vm, 1, BASE, SIZE, self->mem, 0);
	must_set("sleep_millisecs", "1");
	must_set("pages_to_scan", "1000");
	/* Newer kernels leave a page alone for a while when it was not merged. */
	set("smart_scan", "0");
	must_set("run", "1");
}

FIXTURE_TEARDOWN(ksm)
{
	must_set("run", "2");
	must_set("run", "0");
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

TEST_F_TIMEOUT(ksm, under_a_running_guest, 120)
{
	volatile uint64_t *rounds = (uint64_t *)(self->vm.mem + VT_DATA);
	unsigned int merged = 0;
	uint64_t last = 0;
	struct kvm_regs regs;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(same_pages));
	vt_thread_start(&self->thread, &self->vcpu);
	/* Rounds in which pages were merged; each round parts them again. */
	for (unsigned int i = 0; i < 30000 && merged < 30 && !self->thread.done; i++) {
		if (sharing() && *rounds != last) {
			last = *rounds;
			merged++;
		}
		usleep(1000);
	}
	rounds[1] = 1;
	ASSERT_EQ(KVM_EXIT_HLT, vt_thread_end(&self->thread, 60000));
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0, regs.rsi)
		TH_LOG("wrong in round %llu at %#llx", regs.rdx, regs.rsi);
	for (unsigned int page = 0; page < PAGES; page++) {
		ASSERT_EQ(regs.rdx, *(uint64_t *)(self->mem + page * VT_PAGE))
			TH_LOG("page %u", page);
	}
	printf("# show: pages were merged in %u of %llu rounds\n", merged, regs.rdx);
	EXPECT_EQ(30, merged);
}

TEST_HARNESS_MAIN
