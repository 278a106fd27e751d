// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hostile guests, thousands of them from one seed. Batches of them are processes, so
 * that one that ends badly is not the end; the host is to stay clean and responsive.
 *
 *	HARD_SEED=n HARD_SECONDS=n guests	run them
 *	guests --one SEED			one of them again
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guests.h"

#define BATCH		16
#define MOST_DELAY	500	/* ms of the lab's clock */

static struct shared {
	atomic_ulong guests;
	atomic_ulong exits;
	atomic_uint wrong;
	atomic_ulong now;	/* the seed that runs */
} *shared;

static void run_one(uint64_t seed)
{
	struct guest g;
	const struct guest_kind *kind;

	memset(&g, 0, sizeof(g));
	rng_seed(&g.rng, seed);
	kind = &guest_kinds[rng_below(&g.rng, guest_nr_kinds)];
	shared->now = seed;
	kind->run(&g);
	vt_vcpu_destroy(&g.vcpu);
	vt_vm_destroy(&g.vm);
	shared->guests++;
	shared->exits += g.exits;
	if (g.wrong) {
		hard_note("%s, seed %#llx", kind->name, (unsigned long long)seed);
		shared->wrong += g.wrong;
	}
}

/* Guests of one process; whether it came to its end. */
static bool batch(uint64_t seed, unsigned int count)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		hard_signals();
		cov_on();
		for (unsigned int i = 0; i < count; i++) {
			run_one(seed + i);
			cov_take();
		}
		cov_off();
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		vt_die("fork: %s", strerror(errno));
	if (status)
		hard_note("guest of seed %#llx: its process ended with %#x",
			  (unsigned long long)shared->now, status);
	return !status;
}

int main(int argc, char **argv)
{
	unsigned int died = 0, dead = 0, worst;
	struct rng rng;

	shared = mmap(NULL, VT_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (argc > 2 && !strcmp(argv[1], "--one"))
		return !batch(strtoull(argv[2], NULL, 0), 1) || shared->wrong;
	hard_begin("guests");
	cov_init();
	rng_seed(&rng, hard_seed());
	watch_start();
	while (!hard_over()) {
		died += !batch(rng_next(&rng), BATCH);
		dead += !hard_next_vm();
	}
	worst = watch_stop();
	hard_check(shared->guests > 0 && !died, "%lu guests ran, %u ended their process",
		   (unsigned long)shared->guests, died);
	hard_check(!shared->wrong, "%u did what no guest may", (unsigned int)shared->wrong);
	hard_check(!dead, "the next VM runs");
	hard_check(worst < MOST_DELAY, "the host is responsive: worst delay %u ms", worst);
	hard_note("%lu guests, %lu exits to user space, %u places reached, worst delay %u ms",
		  (unsigned long)shared->guests, (unsigned long)shared->exits, cov_total(), worst);
	printf("# figure guests %lu\n# figure delay %u\n", (unsigned long)shared->guests, worst);
	cov_print();
	return hard_end();
}
