// SPDX-License-Identifier: GPL-2.0-only
/* The device node: who may open it, how often, and what it answers first. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "vt.h"

TEST(two_opens)
{
	int a = vt_open();
	int b = vt_open();

	EXPECT_NE(a, b);
	EXPECT_EQ(KVM_API_VERSION, vt_ioctl(a, KVM_GET_API_VERSION, 0));
	EXPECT_EQ(KVM_API_VERSION, vt_ioctl(b, KVM_GET_API_VERSION, 0));
	close(a);
	EXPECT_EQ(KVM_API_VERSION, vt_ioctl(b, KVM_GET_API_VERSION, 0));
	close(b);
}

TEST(opened_after_fork)
{
	int fd = vt_open(), status;
	pid_t pid = fork();

	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(vt_ioctl(fd, KVM_GET_API_VERSION, 0) != KVM_API_VERSION);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(KVM_API_VERSION, vt_ioctl(fd, KVM_GET_API_VERSION, 0));
	close(fd);
}

TEST(node)
{
	struct stat st;

	ASSERT_EQ(0, stat(vt_device(), &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	/* udev gives it to group kvm; without udev it is root's. */
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(0, st.st_mode & 0007);
	if (!vt_on_kvm()) {
		EXPECT_EQ(0660, st.st_mode & 0777);
	}
}

TEST(closed_to_others)
{
	int status;
	pid_t pid;

	if (geteuid() != 0)
		SKIP(return, "needs root to become somebody else");
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
			_exit(2);
		if (open(vt_device(), O_RDWR) >= 0)
			_exit(3);
		_exit(errno == EACCES ? 0 : 4);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

TEST(no_read_write_mmap)
{
	int fd = vt_open();
	char byte = 0;

	EXPECT_EQ(-1, read(fd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(fd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, VT_PAGE, PROT_READ, MAP_SHARED, fd, 0));
	close(fd);
}

TEST_HARNESS_MAIN
