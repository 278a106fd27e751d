// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of VM entry against the CPU: valid states, a state for each rule, and
 * random ones.  TAP on standard output.
 *
 *	try [STATES [SEED]]
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cases.h"
#include "differ.h"
#include "random.h"

static int dev;
static struct entrytry_base base;
static unsigned int number, failed;
static unsigned int states, not_tried, accepted, different, wrong;

static void ok(bool good, const char *what)
{
	number++;
	failed += !good;
	printf("%sok %u %s\n", good ? "" : "not ", number, what);
}

static void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static void say_verdict(const struct entrytry *t)
{
	static const char *const names[] = {
		"accepted", "VMfail", "entry failed", "not tried",
	};

	printf("#   CPU: %s, %#x, qualification %llu\n", names[t->verdict], t->detail,
	       (unsigned long long)t->qualification);
}

/* How a state differs from the valid one, and what is said of it. */
static void say_state(const struct entrytry *t, enum base from, struct doctor_state *s,
		      const u16 *broken, unsigned int count)
{
	u64 valid[NR_DOCTOR_FIELDS];
	char text[400];
	unsigned int i;

	printf("# %s guest, but\n", base_name(from));
	memcpy(valid, base.value, sizeof(valid));
	base_apply(from, &base.caps, valid);
	for (i = DF_NONE + 1; i < NR_DOCTOR_FIELDS; i++) {
		if (t->value[i] != valid[i])
			printf("#   %s %#llx\n", doctor_field_name(i),
			       (unsigned long long)t->value[i]);
	}
	for (i = 0; i < t->nr_msrs; i++)
		printf("#   MSR %#x (%#x) %#llx\n", t->msrs[i].index, t->msrs[i].reserved,
		       (unsigned long long)t->msrs[i].value);
	for (i = 0; i < count && i < ENTRYTRY_BROKEN; i++) {
		doctor_tell(s, broken[i], text, sizeof(text));
		printf("#   doctor: %s: %s\n", doctor_rules[broken[i]].name, text);
	}
	say_verdict(t);
}

/* Show @t to the CPU and to both doctors; @broken is what they found. */
static unsigned int show(struct entrytry *t, enum base from, u16 *broken, bool *right)
{
	struct doctor_state s;
	unsigned int count;

	if (ioctl(dev, ENTRYTRY_TRY, t))
		die("ENTRYTRY_TRY");
	take_state(&s, &base, t);
	count = doctor_examine(&s, broken, ENTRYTRY_BROKEN);
	*right = count == t->nr_broken &&
		 !memcmp(broken, t->broken,
			 (count < ENTRYTRY_BROKEN ? count : ENTRYTRY_BROKEN) * sizeof(*broken));
	if (!*right)
		printf("# the doctor in the kernel says otherwise\n");
	if (t->verdict == ENTRYTRY_NOT_TRIED) {
		not_tried++;
		return count;
	}
	states++;
	accepted += t->verdict == ENTRYTRY_ACCEPTED;
	if (*right && !verdict_agrees(t, broken, count)) {
		*right = verdict_differs(t, broken, count);
		different += *right;
	}
	wrong += !*right;
	if (!*right && wrong <= 20)
		say_state(t, from, &s, broken, count);
	return count;
}

static void valid_states(void)
{
	struct entrytry t;
	u16 broken[ENTRYTRY_BROKEN];
	bool right, all = true;
	unsigned int i;

	for (i = 0; i < NR_BASES; i++) {
		memset(&t, 0, sizeof(t));
		memcpy(t.value, base.value, sizeof(t.value));
		if (!base_apply(i, &base.caps, t.value))
			continue;
		all &= !show(&t, i, broken, &right) && right &&
		       t.verdict == ENTRYTRY_ACCEPTED;
	}
	ok(all, "valid states are accepted, and break no rule");
}

static void all_cases(void)
{
	bool *covered = calloc(doctor_nr_rules, sizeof(*covered));
	unsigned int i, count, tried = 0, nr_covered = 0;
	struct entrytry t;
	u16 broken[ENTRYTRY_BROKEN];
	bool right, all = true;
	int rule;

	for (i = 0; i < doctor_nr_cases; i++) {
		const struct doctor_case *c = &doctor_cases[i];

		rule = rule_number(c->rule);
		if (!make_case(c, &base, &t))
			continue;
		count = show(&t, c->base, broken, &right);
		if (is_for_another_cpu(broken, count, rule))
			continue;
		tried++;
		if (count != 1 || broken[0] != rule) {
			printf("# case %u: %s is not the only rule named\n", i, c->rule);
			right = false;
		}
		all &= right;
		if (t.verdict != ENTRYTRY_NOT_TRIED && verdict_agrees(&t, broken, count))
			covered[rule] = true;
	}
	for (i = 0; i < doctor_nr_rules; i++)
		nr_covered += covered[i];
	ok(all, "each rule's states are refused for that rule alone");
	printf("# show: %u rules, %u of them seen to be refused by this CPU, in %u cases\n",
	       doctor_nr_rules, nr_covered, tried);
	for (i = 0; i < doctor_nr_rules; i++) {
		if (!covered[i])
			printf("# not seen on this CPU: %s\n", doctor_rules[i].name);
	}
	free(covered);
}

static void random_states(unsigned int wanted)
{
	unsigned int before = wrong, i, first = states;
	struct entrytry t;
	u16 broken[ENTRYTRY_BROKEN];
	enum base from;
	bool right;

	while (states - first < wanted) {
		if (random_state(&base, &t, &from))
			show(&t, from, broken, &right);
	}
	ok(wrong == before, "random states: the doctor's verdict is the CPU's");
	printf("# show: %u states tried (%u accepted), %u agree, "
	       "%u by a listed difference, %u disagree\n",
	       states, accepted, states - different - wrong, different, wrong);
	printf("# %u valid ones were not tried: nothing would bring the CPU back\n", not_tried);
	for (i = 0; i < doctor_nr_differ; i++) {
		if (doctor_differ[i].seen)
			printf("# listed difference, %u times: %s\n", doctor_differ[i].seen,
			       doctor_differ[i].text);
	}
}

int main(int argc, char **argv)
{
	dev = open("/dev/" ENTRYTRY_DEVICE, O_RDWR);
	if (dev < 0)
		die("/dev/" ENTRYTRY_DEVICE);
	if (ioctl(dev, ENTRYTRY_GET_BASE, &base))
		die("ENTRYTRY_GET_BASE");
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 2)
		random_seed(strtoull(argv[2], NULL, 0));
	valid_states();
	all_cases();
	random_states(argc > 1 ? atoi(argv[1]) : 20000);
	printf("1..%u\n", number);
	return failed != 0;
}
