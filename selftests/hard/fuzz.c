// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctl fuzzer. Each round is a process: a world of VMs, and one to four threads
 * that make calls with hostile arguments and change what the others use. The round's
 * seed fixes what each thread does; with one thread, all that happens.
 *
 * Where the kernel tells coverage, a round of one thread that reached new code is kept,
 * up to the step that did, and later rounds begin with it.
 *
 *	HARD_SEED=n HARD_SECONDS=n fuzz		all of it
 *	fuzz --round SEED STEPS [THREADS]	one round again
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

#define STEPS		300
#define THREADS		4
#define CORPUS		256
#define KICK_US		4000

/* What rounds tell the parent. */
struct shared {
	atomic_ulong calls;
	unsigned int wrong;
	unsigned int last_new;	/* the last step that reached new code */
};

/* A round that is worth beginning with. */
struct seed {
	uint64_t seed;
	unsigned int steps;
};

static struct shared *shared;
static struct seed corpus[CORPUS];
static unsigned int nr_corpus;
static struct fuzz_world world;
/*
 * Nobody begins before all have their stacks, arguments and traces: what is mapped later
 * may come to lie in a hole of the guests' memory, which another thread fills again.
 */
static pthread_barrier_t begin;

struct worker {
	pthread_t thread;
	uint8_t *arg;
	uint64_t seed;
	unsigned int steps;	/* of the seed; the rest is of another */
	bool alone;
};

static uint8_t *argument(void)
{
	uint8_t *at = mmap(NULL, FUZZ_ARG + VT_PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	/* The page behind it stays away: nothing else may come to lie there. */
	if (at == MAP_FAILED || mprotect(at + FUZZ_ARG, VT_PAGE, PROT_NONE))
		_exit(2);
	return at;
}

static void *work(void *data)
{
	struct worker *w = data;
	struct fuzz f = {
		.world = &world, .arg = w->arg, .calls = &shared->calls,
		.wrong = &shared->wrong,
	};

	rng_seed(&f.rng, w->seed);
	cov_on();
	pthread_barrier_wait(&begin);
	if (w->alone)
		fuzz_populate(&f);
	cov_take();
	for (unsigned int i = 0; i < STEPS; i++) {
		if (i == w->steps)
			rng_seed(&f.rng, ~w->seed);
		fuzz_step(&f);
		if (cov_take() && w->alone)
			shared->last_new = i + 1;
	}
	cov_off();
	return NULL;
}

/* Threads that wait in a guest are kicked out of it. */
static void *kick(void *data)
{
	struct worker *workers = data;

	for (;;) {
		usleep(KICK_US);
		for (unsigned int i = 0; i < THREADS; i++)
			if (workers[i].thread)
				pthread_kill(workers[i].thread, SIGUSR1);
	}
	return NULL;
}

static void round_body(uint64_t seed, unsigned int steps, unsigned int threads)
{
	static struct worker workers[THREADS];
	pthread_t kicker;

	hard_signals();
	fuzz_world_make(&world);
	if (threads > 1) {
		struct fuzz f = { .world = &world, .arg = argument(), .calls = &shared->calls };

		rng_seed(&f.rng, seed);
		fuzz_populate(&f);
	}
	pthread_barrier_init(&begin, NULL, threads + 1);
	for (unsigned int i = 0; i < threads; i++) {
		workers[i].arg = argument();
		workers[i].seed = seed + i * 1000003;
		workers[i].steps = steps;
		workers[i].alone = threads == 1;
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			_exit(3);
	}
	if (pthread_create(&kicker, NULL, kick, workers))
		_exit(3);
	pthread_barrier_wait(&begin);
	for (unsigned int i = 0; i < threads; i++) {
		pthread_t thread = workers[i].thread;

		pthread_join(thread, NULL);
		workers[i].thread = 0;
	}
}

/* The exit status of a round, or minus the signal that killed it. */
static int one_round(uint64_t seed, unsigned int steps, unsigned int threads, bool killed)
{
	int status;
	pid_t pid;

	shared->last_new = 0;
	pid = fork();
	if (pid < 0)
		vt_die("fork: %s", strerror(errno));
	if (!pid) {
		round_body(seed, steps, threads);
		_exit(0);
	}
	if (killed) {
		usleep(1000 + seed % 30000);
		kill(pid, SIGKILL);
	}
	waitpid(pid, &status, 0);
	if (killed)
		return 0;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void keep(uint64_t seed, unsigned int steps)
{
	corpus[nr_corpus++ % CORPUS] = (struct seed) { seed, steps };
}

static void next_round(struct rng *rng, unsigned int n, unsigned int *died)
{
	unsigned int threads = n % 2 ? 2 + rng_below(rng, THREADS - 1) : 1;
	struct seed s = { rng_next(rng), STEPS };
	bool killed = threads > 1 && rng_one_in(rng, 6);
	int status;

	/* The way to what was new, and from there on somewhere else. */
	if (threads == 1 && nr_corpus && rng_one_in(rng, 2)) {
		s = corpus[rng_below(rng, nr_corpus < CORPUS ? nr_corpus : CORPUS)];
		s.steps = s.steps / 2 + rng_below(rng, s.steps / 2 + 1);
	}
	status = one_round(s.seed, s.steps, threads, killed);
	if (status) {
		hard_note("round %#llx %u, %u threads: ended with %d",
			  (unsigned long long)s.seed, s.steps, threads, status);
		++*died;
	}
	if (shared->last_new && s.steps == STEPS)
		keep(s.seed, shared->last_new);
}

int main(int argc, char **argv)
{
	unsigned int rounds = 0, died = 0, dead = 0, worst;
	struct rng rng;

	if (argc > 1 && !strcmp(argv[1], "--nothing"))
		return 0;
	shared = mmap(NULL, VT_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (argc > 3 && !strcmp(argv[1], "--round"))
		return one_round(strtoull(argv[2], NULL, 0), atoi(argv[3]),
				 argc > 4 ? atoi(argv[4]) : 1, false) != 0;
	hard_begin("fuzz");
	cov_init();
	rng_seed(&rng, hard_seed());
	watch_start();
	for (; !hard_over(); rounds++) {
		next_round(&rng, rounds, &died);
		if (rounds % 8 == 7)
			dead += !hard_next_vm();
	}
	worst = watch_stop();
	hard_check(rounds > 0 && !died, "%u rounds came to their end, %u did not", rounds, died);
	hard_check(!shared->wrong, "%u answers that no call may give", shared->wrong);
	hard_check(!dead && hard_next_vm(), "the next VM runs");
	hard_note("%lu calls in %u rounds, worst host delay %u ms",
		  (unsigned long)shared->calls, rounds, worst);
	if (cov_total())
		hard_note("%u places in the code reached", cov_total());
	printf("# figure calls %lu\n", (unsigned long)shared->calls);
	cov_print();
	return hard_end();
}
