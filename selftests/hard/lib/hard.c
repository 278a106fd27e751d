// SPDX-License-Identifier: GPL-2.0-only
/* Seeds, time, TAP, and the watchdog. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hard.h"
#include "vt.h"

/* splitmix64: any seed will do, 0 too. */
uint64_t rng_next(struct rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

void rng_seed(struct rng *rng, uint64_t seed)
{
	rng->state = seed;
	rng_next(rng);
}

uint32_t rng_below(struct rng *rng, uint32_t limit)
{
	return (rng_next(rng) >> 32) * limit >> 32;
}

bool rng_one_in(struct rng *rng, uint32_t n)
{
	return !rng_below(rng, n);
}

uint64_t rng_hostile(struct rng *rng)
{
	uint64_t bit = 1ull << rng_below(rng, 64);

	switch (rng_below(rng, 8)) {
	case 0: return 0;
	case 1: return ~0ull;
	case 2: return bit;
	case 3: return bit - 1;
	case 4: return -bit;
	case 5: return rng_below(rng, 256);
	case 6: return rng_next(rng) & 0xffffffff;
	default: return rng_next(rng);
	}
}

void rng_fill(struct rng *rng, void *to, size_t size)
{
	uint8_t *p = to;

	for (; size >= 8; p += 8, size -= 8) {
		uint64_t v = rng_next(rng);

		memcpy(p, &v, 8);
	}
	while (size--)
		*p++ = rng_next(rng);
}

static uint64_t began;
static uint64_t budget_ms;
static unsigned int checks, failures;

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ull + t.tv_nsec / 1000;
}

static uint64_t from_env(const char *name, uint64_t usual)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : usual;
}

uint64_t hard_seed(void)
{
	return from_env("HARD_SEED", 1);
}

uint64_t hard_ms(void)
{
	return (now_us() - began) / 1000;
}

bool hard_over(void)
{
	return hard_ms() >= budget_ms;
}

void hard_begin(const char *what)
{
	began = now_us();
	budget_ms = from_env("HARD_SECONDS", 4) * 1000;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n");
	printf("# show: %s, seed %llu\n", what, (unsigned long long)hard_seed());
}

void hard_check(bool good, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("%sok %u ", good ? "" : "not ", ++checks);
	vprintf(fmt, args);
	putchar('\n');
	va_end(args);
	failures += !good;
}

void hard_note(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("# show: ");
	vprintf(fmt, args);
	putchar('\n');
	va_end(args);
}

int hard_end(void)
{
	printf("1..%u\n", checks);
	return failures ? 1 : 0;
}

static pid_t watcher;
static volatile uint32_t *worst_us;

#define NAP_US	5000

static void watch(void)
{
	uint64_t before = now_us(), after, late;

	for (;;) {
		usleep(NAP_US);
		after = now_us();
		late = after - before - NAP_US;
		if (late > *worst_us && late < 1ull << 31)
			*worst_us = late;
		before = after;
	}
}

void watch_start(void)
{
	worst_us = mmap(NULL, VT_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (worst_us == MAP_FAILED)
		vt_die("no memory for the watchdog");
	watcher = fork();
	if (!watcher)
		watch();
}

unsigned int watch_stop(void)
{
	kill(watcher, SIGKILL);
	waitpid(watcher, NULL, 0);
	return *worst_us / 1000;
}

static __thread sigjmp_buf fault;
static __thread volatile bool expected;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	const ucontext_t *at = context;
	char line[96];
	int size;

	if (expected)
		siglongjmp(fault, 1);
	size = snprintf(line, sizeof(line), "# show: signal %d for %p, code at %#llx\n", signal,
			info->si_addr, at->uc_mcontext.gregs[REG_RIP]);
	if (write(1, line, size) < 0)
		_exit(99);
	_exit(100 + signal);
}

bool hard_copy(void *to, const void *from, size_t size)
{
	expected = true;
	if (sigsetjmp(fault, 0)) {
		expected = false;
		return false;
	}
	memcpy(to, from, size);
	expected = false;
	return true;
}

static void on_kick(int signal)
{
	(void)signal;
}

void hard_signals(void)
{
	struct sigaction fault = { .sa_sigaction = on_fault, .sa_flags = SA_NODEFER | SA_SIGINFO };
	struct sigaction kick = { .sa_handler = on_kick };

	sigaction(SIGSEGV, &fault, NULL);
	sigaction(SIGBUS, &fault, NULL);
	sigaction(SIGUSR1, &kick, NULL);
	sigaction(SIGALRM, &kick, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGIO, SIG_IGN);
}

VT_GUEST(hard_next, 64, "mov $0x20000, %edi; incq (%rdi); cpuid; hlt");

bool hard_next_vm(void)
{
	struct vt_vcpu vcpu;
	struct vt_vm vm;
	bool good;

	vt_vm_create(&vm);
	vt_vcpu_create(&vm, &vcpu, 0);
	vt_pass_cpuid(&vcpu);
	vt_start(&vcpu, VT_LONG, VT_PAYLOAD(hard_next));
	good = vt_run(&vcpu) == KVM_EXIT_HLT && *(uint64_t *)(vm.mem + 0x20000) == 1;
	vt_vcpu_destroy(&vcpu);
	vt_vm_destroy(&vm);
	return good;
}
