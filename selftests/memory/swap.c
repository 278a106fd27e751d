// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest memory that goes to swap and comes back, while the guest uses it. The
 * swap device is a loop device over memory; MADV_PAGEOUT sends pages there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <unistd.h>

#include "vt_fixture.h"

#define BASE		0x40000000ul
#define PAGES		512u
#define SIZE		(PAGES * VT_PAGE)
#define SWAP_PAGES	8192u

struct swap_device {
	char path[32];
	unsigned long id;
};

FIXTURE(swap)
{
	struct vt_vm vm;
	struct vt_vcpu vcpu;
	struct vt_thread thread;
	struct swap_device swap;
	uint8_t *mem;
};

FIXTURE_VARIANT(swap)
{
	int advice;
};

FIXTURE_VARIANT_ADD(swap, small) { .advice = MADV_NOHUGEPAGE };
FIXTURE_VARIANT_ADD(swap, huge) { .advice = MADV_HUGEPAGE };

/*
 * Adds 1 to a word of each page, round after round, and looks first whether the
 * word is the number of the round. Ends after the round in which the host sets
 * the flag: RDX = rounds, RSI = 0, or the address that was wrong. It takes its
 * time between pages, RBX turns: one that was used just now is not sent to swap.
 */
#define TURNS	2048u
VT_GUEST(count_rounds, 64,
	 "sti; xor %edx, %edx\n"
	 "2: mov $0x40000000, %esi; mov $512, %ecx\n"
	 "1: cmp %rdx, (%rsi); jne 9f; incq (%rsi); add $4096, %rsi\n"
	 "mov %ebx, %eax; 3: dec %eax; jnz 3b\n"
	 "dec %ecx; jnz 1b\n"
	 "inc %rdx; mov %rdx, 0x20000; cmpl $0, 0x20008; je 2b\n"
	 "xor %esi, %esi\n"
	 "9: hlt");

/* What mkswap writes: include/linux/swap.h, union swap_header. */
static void format(int fd)
{
	static uint8_t page[VT_PAGE];
	const uint32_t info[] = { 1, SWAP_PAGES - 1, 0 };

	memcpy(page + 1024, info, sizeof(info));
	memcpy(page + VT_PAGE - 10, "SWAPSPACE2", 10);
	if (pwrite(fd, page, VT_PAGE, 0) != VT_PAGE || fsync(fd))
		vt_die("formatting %u pages of swap: %s", SWAP_PAGES, strerror(errno));
}

static void write_to(const char *path, unsigned long value)
{
	FILE *file = fopen(path, "w");

	if (!file || fprintf(file, "%lu", value) < 0 || fclose(file))
		vt_die("%s: %s", path, strerror(errno));
}

static void swap_on(struct swap_device *swap)
{
	char line[16], path[64];
	int fd;

	/* What it compresses with may be a module, too, and not found by the kernel. */
	if (access("/sys/class/zram-control", X_OK) &&
	    system("modprobe lzo-rle; modprobe zram"))
		vt_die("this kernel has no zram to swap to");
	if (!vt_read_line("/sys/class/zram-control/hot_add", line, sizeof(line)))
		vt_die("zram makes no device");
	swap->id = strtoul(line, NULL, 10);
	snprintf(swap->path, sizeof(swap->path), "/dev/zram%lu", swap->id);
	snprintf(path, sizeof(path), "/sys/block/zram%lu/disksize", swap->id);
	write_to(path, SWAP_PAGES * VT_PAGE);
	fd = open(swap->path, O_RDWR);
	format(fd);
	close(fd);
	if (swapon(swap->path, 0))
		vt_die("swapon %s: %s", swap->path, strerror(errno));
}

static void swap_off(struct swap_device *swap)
{
	if (swapoff(swap->path))
		vt_die("swapoff %s: %s", swap->path, strerror(errno));
	write_to("/sys/class/zram-control/hot_remove", swap->id);
}

FIXTURE_SETUP(swap)
{
	uintptr_t raw = (uintptr_t)vt_anon(SIZE + 2 * VT_MIB);

	swap_on(&self->swap);
	vt_vm_create(&self->vm);
	vt_vcpu_create(&self->vm, &self->vcpu, 0);
	vt_pass_cpuid(&self->vcpu);
	self->mem = (uint8_t *)((raw + 2 * VT_MIB - 1) & -(2 * VT_MIB));
	madvise(self->mem, SIZE, variant->advice);
	vt_set_slot(&self->vm, 1, BASE, SIZE, self->mem, 0);
}

FIXTURE_TEARDOWN(swap)
{
	swap_off(&self->swap);
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

/* A count of /proc/vmstat. */
static unsigned long vmstat(const char *name)
{
	FILE *file = fopen("/proc/vmstat", "r");
	unsigned long value = 0;
	size_t len = strlen(name);
	char line[80];

	if (!file)
		vt_die("/proc/vmstat: %s", strerror(errno));
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, name, len) && line[len] == ' ')
			value = strtoul(line + len, NULL, 10);
	fclose(file);
	return value;
}

/*
 * Twice: a page that the guest used since the last time is only forgotten to
 * be in use by the first.
 */
static void page_out(void *mem)
{
	for (unsigned int i = 0; i < 2; i++)
		if (madvise(mem, SIZE, MADV_PAGEOUT))
			vt_die("MADV_PAGEOUT: %s", strerror(errno));
}

static volatile uint64_t *word(uint8_t *mem, unsigned int page)
{
	return (volatile uint64_t *)(mem + page * VT_PAGE);
}

TEST_F_TIMEOUT(swap, under_a_running_guest, 120)
{
	unsigned long out = vmstat("pswpout"), in = vmstat("pswpin");
	volatile uint64_t *rounds = word(self->vm.mem + VT_DATA, 0);
	struct kvm_regs regs;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(count_rounds));
	vt_get_regs(&self->vcpu, &regs);
	regs.rbx = TURNS * vt_slow();
	vt_set_regs(&self->vcpu, &regs);
	vt_thread_start(&self->thread, &self->vcpu);
	for (unsigned int i = 0; i < 15 && !self->thread.done; i++) {
		uint64_t begun = *rounds;

		page_out(self->mem);
		/* Sometimes in the midst of a round, sometimes after it. */
		usleep(5000);
		while (i % 2 && *rounds == begun && !self->thread.done)
			usleep(1000);
	}
	rounds[1] = 1;
	ASSERT_EQ(KVM_EXIT_HLT, vt_thread_end(&self->thread, 60000));
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0, regs.rsi)
		TH_LOG("wrong in round %llu at %#llx", regs.rdx, regs.rsi);
	for (unsigned int page = 0; page < PAGES; page++) {
		ASSERT_EQ(regs.rdx, *word(self->mem, page))
			TH_LOG("page %u", page);
	}
	out = vmstat("pswpout") - out;
	in = vmstat("pswpin") - in;
	printf("# show: %llu rounds; %lu pages went to swap, %lu came back\n", regs.rdx, out, in);
	EXPECT_GT(out, PAGES);
	EXPECT_GT(in, PAGES);
}

/* In: RSI first page, RCX how many, RDX distance. */
VT_GUEST(swap_write, 64,
	 "sti; 1: incq (%rsi); add %rdx, %rsi; dec %rcx; jnz 1b; hlt");

static void write_pages(struct vt_vcpu *vcpu, unsigned int count, unsigned int step)
{
	struct kvm_regs regs;

	vt_start(vcpu, VT_LONG, VT_PAYLOAD(swap_write));
	vt_get_regs(vcpu, &regs);
	regs.rsi = BASE;
	regs.rcx = count;
	regs.rdx = step * VT_PAGE;
	vt_set_regs(vcpu, &regs);
	vt_run_to(vcpu, KVM_EXIT_HLT);
}

/* To go to swap and to come back is not to be written. */
TEST_F_TIMEOUT(swap, dirty_log, 60)
{
	uint64_t log[PAGES / 64];
	struct kvm_dirty_log arg = { .slot = 1, .dirty_bitmap = log };
	unsigned long out = vmstat("pswpout");

	write_pages(&self->vcpu, PAGES, 1);
	vt_set_slot(&self->vm, 1, BASE, SIZE, self->mem, KVM_MEM_LOG_DIRTY_PAGES);
	write_pages(&self->vcpu, PAGES, 1);
	ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_GET_DIRTY_LOG, &arg));
	page_out(self->mem);
	EXPECT_GT(vmstat("pswpout"), out);

	write_pages(&self->vcpu, 100, 5);
	ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_GET_DIRTY_LOG, &arg));
	for (unsigned int page = 0; page < PAGES; page++) {
		bool want = page % 5 == 0 && page < 500;

		ASSERT_EQ(want, log[page / 64] >> page % 64 & 1)
			TH_LOG("page %u", page);
		ASSERT_EQ(2 + want, *word(self->mem, page));
	}
}

TEST_HARNESS_MAIN
