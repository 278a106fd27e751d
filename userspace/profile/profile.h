/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vellum-profile: where the guests' exits come from, and what they cost.
 *
 * Exits are counted by place: reason, RIP of the guest, cause (port, MSR, page,
 * ...) and vCPU.  They come out of a trace, one by one, or out of histograms that
 * the kernel kept.  Host time is in ticks of the TSC.
 */
#ifndef VELLUM_PROFILE_H
#define VELLUM_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define NR_REASONS	128	/* basic exit reasons; the last one: all beyond */
#define NR_LOG2		64

/**
 * struct place - exits of one reason, RIP, cause and vCPU
 * @timed: how many of @count were followed by an entry
 * @host: ticks of those, summed
 */
struct place {
	uint32_t vm;
	uint32_t vcpu;
	uint32_t reason;
	uint64_t rip;
	uint64_t cause;
	uint64_t count;
	uint64_t timed;
	uint64_t host;
	size_t next;
};

/* One exit of a trace. */
struct sample {
	uint64_t ts;		/* ns */
	uint64_t host;
	uint32_t place;
	uint32_t reason;
};

/**
 * struct profile - what is known
 * @places: by place
 * @samples: one by one, empty when the kernel counted
 * @log2: exits of a reason whose time has this logarithm, when the kernel counted
 * @cpus: by vCPU, when the kernel counted; places have no vCPU then
 * @lost: events that the trace or the histograms had no room for
 * @seconds: how long
 * @khz: of the TSC, 0: not known
 */
struct profile {
	struct place *places;
	size_t nr_places;
	struct sample *samples;
	size_t nr_samples;
	uint64_t (*log2)[NR_LOG2];
	struct place *cpus;
	size_t nr_cpus;
	uint64_t lost;
	double seconds;
	uint64_t first;
	unsigned int khz;
	bool aggregated;
	bool ticks;		/* print ticks, not microseconds */
	unsigned int top;	/* places to print */
	const char *what;
	size_t table[1 << 12];
};

/* Times of one group of exits. */
struct times {
	uint64_t count;
	uint64_t timed;
	uint64_t host;
	uint64_t min, p50, p99, max;
	uint64_t log2[NR_LOG2];
};

void __attribute__((noreturn, format(printf, 1, 2))) die(const char *fmt, ...);

/* model.c */
struct profile *profile_new(void);
void profile_free(struct profile *p);
struct place *place_of(struct profile *p, uint32_t vm, uint32_t vcpu, uint32_t reason,
		       uint64_t rip, uint64_t cause);
void sample_add(struct profile *p, const struct place *place, uint64_t ts, uint64_t host);
/* A halted vCPU sleeps: that is host time, and costs nothing. */
static inline bool reason_is_idle(uint32_t reason)
{
	return reason == 12;	/* HLT */
}

/* All host time but that of idle vCPUs. */
uint64_t profile_host(const struct profile *p);
void times_of_reason(const struct profile *p, uint32_t reason, struct times *t);
void times_of_place(const struct profile *p, const struct place *place, struct times *t);
/* Places of all vCPUs taken together, in the same order. */
struct place *places_merged(const struct profile *p, size_t *nr);
/* By vCPU; times without those of idle ones. */
struct place *places_by_vcpu(const struct profile *p, size_t *nr);
/* Reasons that occur, those that cost most first, idle ones last; how many. */
unsigned int reasons_sorted(const struct profile *p, uint32_t *out);

/* names.c */
extern bool causes_by_2m;	/* causes of EPT violations are those of 2 MiB, not pages */
const char *reason_name(uint32_t reason);
const char *cause_text(uint32_t reason, uint64_t cause, char *buf, size_t size);

/* symbols.c */
void symbols_read(const char *path);
const char *symbol_text(uint64_t rip, char *buf, size_t size);

/* record.c, hist.c: what the kernel is asked */
struct target {
	int pid;		/* 0: none */
	char filter[256];	/* of events, by VM; "": none */
	char **command;
	double seconds;		/* 0: until the command ends, or a signal */
	int status;		/* out: of the command */
	unsigned int buffer_kb;
};

void record(struct target *target, const char *dat, uint64_t *lost);
void histogram(struct target *target, struct profile *p, double live,
	       void (*show)(const struct profile *p, FILE *f));
/* Start the command, wait for the end; @tick is called about ten times a second. */
int target_start(const struct target *target);
void target_wait(struct target *target, int child, void (*tick)(void *context),
		 void *context);
unsigned int tsc_khz(void);
double now(void);
struct tracefs_instance *instance_new(void);	/* gone when the program is */

/* dat.c: trace.dat of trace-cmd, version 6 */
void dat_write(const char *path, const char *tracing, unsigned int cpus, const int *data);
/* load.c */
void dat_read(const char *path, struct profile *p);

/* text.c, export.c, html.c, compare.c */
void show_text(const struct profile *p, FILE *f);
void show_json(const struct profile *p, FILE *f);
void show_csv(const struct profile *p, FILE *f);
void show_folded(const struct profile *p, FILE *f);
void show_html(const struct profile *p, FILE *f);
void compare(const struct profile *a, const struct profile *b, FILE *f);
double host_time(const struct profile *p, double ticks);	/* in the unit printed */
const char *host_unit(const struct profile *p);

#endif
