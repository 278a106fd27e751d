// SPDX-License-Identifier: GPL-2.0-only
/*
 * `vellum exec`: a command for which /dev/kvm is the hypervisor's node. The name is
 * changed in a mount namespace that only the command sees.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/vellum.h"
#include "run/run.h"
#include "run/say.h"

static const char help[] =
"usage: vellum exec [--device NODE] [--] COMMAND [ARGUMENT]...\n"
"Run COMMAND where /dev/kvm is NODE: /dev/vellum, or what VELLUM_DEV names. Only\n"
"COMMAND and what it starts see that. Who is not root needs user namespaces.\n"
"Exit status: COMMAND's; 126 and 127 as of env(1) when it cannot be started.\n";

#define KVM_NODE	"/dev/kvm"
#define NOT_STARTED	126
#define NOT_FOUND	127

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return done;
}

/* A user namespace in which the caller is who he was, but may mount. */
static int enter_user_namespace(void)
{
	char uids[64], gids[64];

	snprintf(uids, sizeof(uids), "%u %u 1", geteuid(), geteuid());
	snprintf(gids, sizeof(gids), "%u %u 1", getegid(), getegid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		return fail("no user namespace: %s; become root, or see\n"
			    "  /proc/sys/user/max_user_namespaces and\n"
			    "  /proc/sys/kernel/unprivileged_userns_clone", strerror(errno));
	/* user_namespaces(7): a group may be mapped once setgroups(2) is given up. */
	if (!write_file("/proc/self/setgroups", "deny") ||
	    !write_file("/proc/self/uid_map", uids) || !write_file("/proc/self/gid_map", gids))
		return fail("the user namespace: %s", strerror(errno));
	return 0;
}

/* A mount namespace whose changes nobody else sees. */
static int enter_namespace(void)
{
	if (unshare(CLONE_NEWNS)) {
		if (errno != EPERM)
			return fail("no mount namespace: %s", strerror(errno));
		if (enter_user_namespace())
			return -1;
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL))
		return fail("the mount namespace: %s", strerror(errno));
	return 0;
}

static int bind(const char *from, const char *to)
{
	if (mount(from, to, NULL, MS_BIND | MS_REC, NULL))
		return fail("%s onto %s: %s", from, to, strerror(errno));
	return 0;
}

static int make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return fail("%s: %s", path, strerror(errno));
	close(fd);
	return 0;
}

/* @name of the old /dev, open as @dir, in the new one. */
static int take_over(int dir, const char *name)
{
	char from[64 + sizeof(((struct dirent *)0)->d_name)], to[sizeof(from)], target[4096];
	struct stat st;
	ssize_t len;

	/* What went away meanwhile is not missed. */
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	snprintf(from, sizeof(from), "/proc/self/fd/%d/%s", dir, name);
	snprintf(to, sizeof(to), "/dev/%s", name);
	if (S_ISLNK(st.st_mode)) {
		len = readlinkat(dir, name, target, sizeof(target) - 1);
		if (len < 0)
			return 0;
		target[len] = 0;
		return symlink(target, to) ? fail("%s: %s", to, strerror(errno)) : 0;
	}
	if (S_ISDIR(st.st_mode) ? mkdir(to, 0700) : make_file(to))
		return -1;
	return bind(from, to);
}

/*
 * /dev has no name kvm, and making one there would show it to all: a /dev of our
 * own, whose names are mounts of what the old one has. Nodes in it would not open
 * inside a user namespace; mounts of nodes do.
 */
static int make_dev(void)
{
	DIR *old = opendir("/dev");
	struct dirent *entry;
	int err = 0;

	if (!old)
		return fail("/dev: %s", strerror(errno));
	if (mount("vellum", "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755"))
		err = fail("a /dev of its own: %s", strerror(errno));
	while (!err && (entry = readdir(old)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			err = take_over(dirfd(old), entry->d_name);
	closedir(old);
	return err ? err : make_file(KVM_NODE);
}

/* Is there a device at @path, for this user? 0 or -1. */
static int check_node(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return fail("%s: %s%s", path, strerror(errno),
			    errno == ENOENT ? "; is the module loaded? (modprobe vellum)" : "");
	if (!S_ISCHR(st.st_mode))
		return fail("%s is no device", path);
	if (access(path, R_OK | W_OK))
		return fail("%s: %s; its group may", path, strerror(errno));
	return 0;
}

/* Put the node @path where the name /dev/kvm is. */
static int become_kvm(const char *path)
{
	char from[64];
	int fd, err = 0;

	if (enter_namespace())
		return -1;
	/* Held, for its name may be covered; not before, for only what is of this
	 * namespace can be mounted in it.
	 */
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return fail("%s: %s", path, strerror(errno));
	if (access(KVM_NODE, F_OK))
		err = make_dev();
	snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	if (!err)
		err = bind(from, KVM_NODE);
	close(fd);
	return err;
}

int exec_main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	const char *env = getenv("VELLUM_DEV"), *path = env && *env ? env : VELLUM_DEFAULT_DEVICE;
	int c, err;

	while ((c = getopt_long(argc, argv, "+d:h", longs, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			return 0;
		}
		if (c != 'd')
			return END_USAGE;
		path = optarg;
	}
	if (optind == argc) {
		say("which command? See vellum exec --help");
		return END_USAGE;
	}
	if (check_node(path))
		return END_MISSING;
	if (become_kvm(path))
		return END_TOOL;
	execvp(argv[optind], argv + optind);
	err = errno;
	say("%s: %s", argv[optind], strerror(err));
	return err == ENOENT ? NOT_FOUND : NOT_STARTED;
}
