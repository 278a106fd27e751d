/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs of hard/ share: random numbers from a seed, a budget of time,
 * a process that watches how long the host keeps it waiting, coverage of the module.
 *
 * HARD_SECONDS says how long a program goes on, HARD_SEED where it begins.
 */
#ifndef HARD_H
#define HARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Random numbers; the same from the same seed, everywhere. */
struct rng {
	uint64_t state;
};

void rng_seed(struct rng *rng, uint64_t seed);
uint64_t rng_next(struct rng *rng);
/* 0 up to limit - 1. */
uint32_t rng_below(struct rng *rng, uint32_t limit);
bool rng_one_in(struct rng *rng, uint32_t n);
/* Numbers at which code breaks: 0, -1, powers of two and their neighbours. */
uint64_t rng_hostile(struct rng *rng);
void rng_fill(struct rng *rng, void *to, size_t size);

uint64_t hard_seed(void);
/* Milliseconds since the program began; whether the budget is spent. */
uint64_t hard_ms(void);
bool hard_over(void);

/* TAP: hard_begin() prints the seed too, hard_end() is main()'s value. */
void hard_begin(const char *what);
void __attribute__((format(printf, 2, 3))) hard_check(bool good, const char *fmt, ...);
void __attribute__((format(printf, 1, 2))) hard_note(const char *fmt, ...);
int hard_end(void);

/* The watchdog: sleeps of 5 ms, and the longest that one of them took. */
void watch_start(void);
/* Stop it; the worst delay in ms. */
unsigned int watch_stop(void);

/*
 * Coverage of the module where the kernel has KCOV, of each thread between cov_on()
 * and cov_off(), in a map that children share.
 */
void cov_init(void);
void cov_on(void);
/* How many places are new since the last time. */
unsigned int cov_take(void);
void cov_off(void);
unsigned int cov_total(void);
/* Print the places, as offsets in the module's code. */
void cov_print(void);

/* memcpy() from or to memory that may be gone at any moment: false if it was. */
bool hard_copy(void *to, const void *from, size_t size);
/* Handlers for that, and for signals that only interrupt. */
void hard_signals(void);

/* Make a VM of its own, run it, take it down: the host still can. */
bool hard_next_vm(void);

#endif
