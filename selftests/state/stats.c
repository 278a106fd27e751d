// SPDX-License-Identifier: GPL-2.0-only
/* KVM_GET_STATS_FD: the file describes itself, and its values are true. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vt_fixture.h"

VT_FIXTURE(stats)

VT_GUEST(cpuids, 64, "mov $100, %ebp; 1: xor %eax, %eax; cpuid; dec %ebp; jnz 1b; hlt");

#define CPUIDS	100

/* A statistics file, read once. */
struct stats {
	int fd;
	struct kvm_stats_header header;
	uint8_t *descs;
	size_t desc_size;
};

static void open_stats(struct stats *s, int of)
{
	size_t len;

	s->fd = vt_ioctl(of, KVM_GET_STATS_FD, 0);
	if (s->fd < 0)
		vt_die("KVM_GET_STATS_FD: %s", strerror(-s->fd));
	if (pread(s->fd, &s->header, sizeof(s->header), 0) != sizeof(s->header))
		vt_die("the header of the statistics cannot be read");
	s->desc_size = sizeof(struct kvm_stats_desc) + s->header.name_size;
	len = s->header.num_desc * s->desc_size;
	s->descs = malloc(len);
	if (pread(s->fd, s->descs, len, s->header.desc_offset) != (ssize_t)len)
		vt_die("the descriptors cannot be read");
}

static void close_stats(struct stats *s)
{
	free(s->descs);
	close(s->fd);
}

static const struct kvm_stats_desc *desc_at(const struct stats *s, unsigned int n)
{
	return (const struct kvm_stats_desc *)(s->descs + n * s->desc_size);
}

static const struct kvm_stats_desc *find(const struct stats *s, const char *name)
{
	unsigned int n;

	for (n = 0; n < s->header.num_desc; n++) {
		if (!strcmp(desc_at(s, n)->name, name))
			return desc_at(s, n);
	}
	return NULL;
}

static uint64_t value_of(const struct stats *s, const char *name)
{
	const struct kvm_stats_desc *desc = find(s, name);
	uint64_t value;

	if (!desc)
		vt_die("there is no statistic %s", name);
	if (pread(s->fd, &value, sizeof(value), s->header.data_offset + desc->offset) !=
	    sizeof(value))
		vt_die("%s cannot be read", name);
	return value;
}

/* Everything that the header and the descriptors promise is there: "", or what not. */
static const char *check_file(const struct stats *s)
{
	uint64_t value;
	unsigned int n;
	char id[64];

	if (s->header.flags || !s->header.num_desc || s->header.name_size > sizeof(id))
		return "header";
	if (pread(s->fd, id, s->header.name_size, s->header.id_offset) != s->header.name_size)
		return "id";
	if (!memchr(id, 0, s->header.name_size))
		return "id is no string";
	if (strncmp(id, "kvm-", 4))
		return "id is not of KVM's form";
	for (n = 0; n < s->header.num_desc; n++) {
		const struct kvm_stats_desc *desc = desc_at(s, n);

		if (!memchr(desc->name, 0, s->header.name_size) || !desc->name[0])
			return "name";
		if ((desc->flags & KVM_STATS_TYPE_MASK) > KVM_STATS_TYPE_MAX || !desc->size)
			return desc->name;
		if (find(s, desc->name) != desc)
			return "two of one name";
		if (pread(s->fd, &value, 8, s->header.data_offset + desc->offset) != 8)
			return "value";
	}
	return "";
}

TEST_F(stats, describes_itself)
{
	struct stats s;

	VT_NEED_CAP(KVM_CAP_BINARY_STATS_FD);
	open_stats(&s, self->vcpu.fd);
	EXPECT_STREQ("", check_file(&s));
	close_stats(&s);
	open_stats(&s, self->vm.fd);
	EXPECT_STREQ("", check_file(&s));
	close_stats(&s);
}

TEST_F(stats, exits_are_counted)
{
	uint64_t before;
	struct stats s;

	VT_NEED_CAP(KVM_CAP_BINARY_STATS_FD);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(cpuids));
	open_stats(&s, self->vcpu.fd);
	before = value_of(&s, "exits");
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_GE(value_of(&s, "exits"), before + CPUIDS + 1);
	if (!vt_on_kvm()) {
		EXPECT_EQ(CPUIDS, value_of(&s, "exit_cpuid"));
		EXPECT_EQ(1, value_of(&s, "exit_hlt"));
		EXPECT_EQ(0, value_of(&s, "exit_other"));
	}
	close_stats(&s);
}

TEST_F(stats, pages_are_counted)
{
	struct stats s;

	VT_NEED_CAP(KVM_CAP_BINARY_STATS_FD);
	open_stats(&s, self->vm.fd);
	EXPECT_EQ(0, value_of(&s, "pages_4k") + value_of(&s, "pages_2m"));
	if (!vt_on_kvm())
		EXPECT_EQ(0, value_of(&s, "ept_flushes"));
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(cpuids));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_NE(0, value_of(&s, "pages_4k") + value_of(&s, "pages_2m"));
	close_stats(&s);
}

/* The file outlives the descriptors of what it counts, and is not written. */
TEST_F(stats, file)
{
	void *nowhere = mmap(NULL, VT_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t value;
	struct stats s;

	VT_NEED_CAP(KVM_CAP_BINARY_STATS_FD);
	open_stats(&s, self->vcpu.fd);
	EXPECT_EQ(-1, write(s.fd, &value, sizeof(value)));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(0, pread(s.fd, &value, sizeof(value), 1 << 20));
	EXPECT_EQ(-1, pread(s.fd, nowhere, sizeof(value), 0));
	EXPECT_EQ(EFAULT, errno);
	vt_vcpu_destroy(&self->vcpu);
	EXPECT_STREQ("", check_file(&s));
	close_stats(&s);
	vt_vcpu_create(&self->vm, &self->vcpu, 1);
}

TEST_HARNESS_MAIN
