// SPDX-License-Identifier: GPL-2.0-only
/* Tracing for a while: the pages of the ring buffers into a file. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <tracefs.h>
#include <unistd.h>

#include "profile.h"

#define PAGE	4096

struct recorder {
	struct tracefs_instance *instance;
	unsigned int cpus;
	int *from;
	int *to;
};

static volatile sig_atomic_t stopped;
static struct tracefs_instance *instance;

/* Whatever ends the program, the kernel keeps nothing of it. */
static void instance_end(void)
{
	tracefs_event_disable(instance, "vellum", NULL);
	tracefs_instance_destroy(instance);
	tracefs_instance_free(instance);
}

struct tracefs_instance *instance_new(void)
{
	char name[32];

	snprintf(name, sizeof(name), "vellum-%d", getpid());
	instance = tracefs_instance_create(name);
	if (!instance)
		die("tracing is not to be had: are you root?");
	atexit(instance_end);
	if (!tracefs_event_file_exists(instance, "vellum", "vm_exit", "format"))
		die("there are no events of Vellum: is the module loaded?");
	return instance;
}

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

/* The host's TSC, which is what a vCPU starts with. */
unsigned int tsc_khz(void)
{
	int dev = open("/dev/vellum", O_RDWR | O_CLOEXEC);
	int vm = dev < 0 ? -1 : ioctl(dev, KVM_CREATE_VM, 0);
	int vcpu = vm < 0 ? -1 : ioctl(vm, KVM_CREATE_VCPU, 0);
	int khz = vcpu < 0 ? 0 : ioctl(vcpu, KVM_GET_TSC_KHZ, 0);

	close(vcpu);
	close(vm);
	close(dev);
	return khz > 0 ? khz : 0;
}

/* The command waits until it is told that tracing is on. */
int target_start(const struct target *target)
{
	char byte;
	int fds[2], child;

	if (!target->command)
		return 0;
	if (pipe2(fds, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	child = fork();
	if (child < 0)
		die("fork: %s", strerror(errno));
	if (!child) {
		dup2(fds[0], 100);
		fcntl(100, F_SETFD, FD_CLOEXEC);
		close(fds[1]);
		if (read(100, &byte, 1) == 1)
			execvp(target->command[0], target->command);
		fprintf(stderr, "vellum: %s: %s\n", target->command[0], strerror(errno));
		_exit(127);
	}
	close(fds[0]);
	dup2(fds[1], 101);
	fcntl(101, F_SETFD, FD_CLOEXEC);
	close(fds[1]);
	return child;
}

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static bool ended(struct target *target, int *child, double began)
{
	int status;

	if (*child && waitpid(*child, &status, WNOHANG) == *child) {
		target->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (target->status)
			fprintf(stderr, "vellum: %s ended with %d\n", target->command[0],
				target->status);
		*child = 0;
		return true;
	}
	if (target->pid && kill(target->pid, 0) && errno == ESRCH)
		return true;
	return stopped || (target->seconds && now() - began >= target->seconds);
}

void target_wait(struct target *target, int child, void (*tick)(void *context),
		 void *context)
{
	struct sigaction action = { .sa_handler = stop };
	double began = now();

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (child && write(101, "", 1) != 1)
		die("%s cannot be started", target->command[0]);
	while (!ended(target, &child, began)) {
		poll(NULL, 0, 50);
		tick(context);
	}
	if (child) {
		kill(child, SIGTERM);
		waitpid(child, NULL, 0);
	}
}

static void must(int err, const char *what)
{
	if (err < 0)
		die("tracing: %s: %s", what, strerror(errno));
}

static void open_cpus(struct recorder *r)
{
	char path[64], name[] = "/tmp/vellum-profile.XXXXXX";

	r->cpus = sysconf(_SC_NPROCESSORS_CONF);
	r->from = calloc(r->cpus, sizeof(int));
	r->to = calloc(r->cpus, sizeof(int));
	if (!r->from || !r->to)
		die("out of memory");
	for (unsigned int i = 0; i < r->cpus; i++) {
		snprintf(path, sizeof(path), "per_cpu/cpu%u/trace_pipe_raw", i);
		r->from[i] = tracefs_instance_file_open(r->instance, path, O_RDONLY | O_NONBLOCK);
		must(r->from[i], path);
		strcpy(strrchr(name, '.'), ".XXXXXX");
		r->to[i] = mkstemp(name);
		must(r->to[i], name);
		unlink(name);
	}
}

/* What is there is taken; pages go out as they are. */
static void drain(void *context)
{
	struct recorder *r = context;
	char page[PAGE];
	ssize_t n;

	for (unsigned int i = 0; i < r->cpus; i++) {
		while ((n = read(r->from[i], page, PAGE)) > 0) {
			memset(page + n, 0, PAGE - n);
			if (write(r->to[i], page, PAGE) != PAGE)
				die("the trace cannot be written: %s", strerror(errno));
		}
	}
}

/* Events that the kernel had no room for. */
static uint64_t lost_events(const struct recorder *r)
{
	uint64_t sum = 0;
	char path[64];

	for (unsigned int i = 0; i < r->cpus; i++) {
		char *text, *line;
		int size;

		snprintf(path, sizeof(path), "per_cpu/cpu%u/stats", i);
		text = tracefs_instance_file_read(r->instance, path, &size);
		if (!text)
			continue;
		line = strstr(text, "overrun: ");
		sum += line ? strtoull(line + 9, NULL, 10) : 0;
		line = strstr(text, "dropped events: ");
		sum += line ? strtoull(line + 16, NULL, 10) : 0;
		free(text);
	}
	return sum;
}

static void follow(struct recorder *r, const struct target *target, int child)
{
	struct dirent *entry;
	char pid[32], path[64];
	DIR *dir;

	if (target->filter[0]) {
		must(tracefs_event_file_write(r->instance, "vellum", "vm_exit", "filter",
					      target->filter), "filter");
		must(tracefs_event_file_write(r->instance, "vellum", "vm_entry", "filter",
					      target->filter), "filter");
		return;
	}
	if (!target->pid && !child)
		return;
	snprintf(pid, sizeof(pid), "%d", child ? child : target->pid);
	must(tracefs_option_enable(r->instance, TRACEFS_OPTION_EVENT_FORK), "event-fork");
	must(tracefs_instance_file_write(r->instance, "set_event_pid", pid), "set_event_pid");
	if (!target->pid)
		return;
	/* Threads that it has already. */
	snprintf(path, sizeof(path), "/proc/%d/task", target->pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			tracefs_instance_file_append(r->instance, "set_event_pid", entry->d_name);
	}
	if (dir)
		closedir(dir);
}

void record(struct target *target, const char *dat, uint64_t *lost)
{
	struct recorder r = { .instance = instance_new() };
	int child;

	must(tracefs_instance_set_buffer_size(r.instance, target->buffer_kb, -1), "buffer size");
	must(tracefs_instance_file_write(r.instance, "trace_clock", "mono"), "clock");
	child = target_start(target);
	follow(&r, target, child);
	open_cpus(&r);
	must(tracefs_event_enable(r.instance, "vellum", "vm_exit"), "vellum:vm_exit");
	must(tracefs_event_enable(r.instance, "vellum", "vm_entry"), "vellum:vm_entry");
	target_wait(target, child, drain, &r);
	tracefs_event_disable(r.instance, "vellum", "vm_exit");
	tracefs_event_disable(r.instance, "vellum", "vm_entry");
	drain(&r);
	*lost = lost_events(&r);
	dat_write(dat, tracefs_tracing_dir(), r.cpus, r.to);
	for (unsigned int i = 0; i < r.cpus; i++) {
		close(r.from[i]);
		close(r.to[i]);
	}
	free(r.from);
	free(r.to);
}
