// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of VM entry against the CPU: valid states, a state for each rule, and
 * random ones.  TAP on standard output.
 *
 *	try [STATES [SEED]]
 *	try --rule NAME		show the states of one rule, the CPU's verdict, the dump
 *	try --differences	print where the emulators differ, and what is not seen
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cases.h"
#include "differ.h"
#include "doctor/bits.h"
#include "random.h"
#include "unseen.h"

static int dev;
static struct entrytry_base base;
static unsigned int number, failed;
static unsigned int states, not_tried, accepted, different, wrong;
static enum coverage coverage[512];

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
		*right = verdict_differs(t, &base.caps, broken, count);
		different += *right;
	} else if (*right && count == 1 && belies_list(t, &base.caps, broken[0])) {
		printf("# a listed difference that is none: %s\n", doctor_rules[broken[0]].name);
		*right = false;
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

/* One case; false when it is not what it should be. */
static bool try_case(unsigned int number, unsigned int *tried)
{
	const struct doctor_case *c = &doctor_cases[number];
	int rule = c->rule ? rule_number(c->rule) : -1;
	struct entrytry t;
	u16 broken[ENTRYTRY_BROKEN];
	enum coverage now;
	unsigned int count;
	bool right;

	if (!make_case(c, &base, &t))
		return true;
	count = show(&t, c->base, broken, &right);
	if (is_for_another_cpu(broken, count, rule))
		return right;
	++*tried;
	if (!c->rule) {
		if (count)
			printf("# case %u should break no rule\n", number);
		return right && !count;
	}
	if (count != 1 || broken[0] != rule) {
		printf("# case %u: %s is not the only rule named\n", number, c->rule);
		return false;
	}
	now = t.verdict == ENTRYTRY_NOT_TRIED ? UNTRIED :
	      verdict_agrees(&t, broken, count) ? SEEN : DIFFERS;
	if (coverage[rule] < now)
		coverage[rule] = now;
	return right;
}

static void say_rules(enum coverage which, const char *what)
{
	unsigned int i, count = 0;

	for (i = 0; i < doctor_nr_rules; i++) {
		if (coverage[i] == which)
			printf("%s %s", count++ ? "" : what, doctor_rules[i].name);
	}
	if (count)
		printf("\n");
}

static void say_coverage(unsigned int tried)
{
	unsigned int i, nr_seen = 0;

	for (i = 0; i < doctor_nr_rules; i++)
		nr_seen += coverage[i] == SEEN;
	printf("# show: %u rules, %u of them seen to be refused by this CPU, in %u cases\n",
	       doctor_nr_rules, nr_seen, tried);
	say_rules(ABSENT, "# not on this CPU:");
	say_rules(UNTRIED, "# not tried:");
	say_rules(DIFFERS, "# not refused, by a listed difference:");
}

static void all_cases(void)
{
	unsigned int i, tried = 0, unlisted = 0;
	bool all = true;

	for (i = 0; i < doctor_nr_cases; i++)
		all &= try_case(i, &tried);
	ok(all, "each rule's states are refused for that rule alone");
	say_coverage(tried);
	for (i = 0; emulator && i < doctor_nr_rules; i++) {
		if (coverage_is_listed(doctor_rules[i].name, coverage[i]))
			continue;
		printf("# not as the list says: %s\n", doctor_rules[i].name);
		unlisted++;
	}
	ok(!unlisted, "the rules that this CPU is not seen to enforce are those listed");
}

/* For docs/doctor.md: what the CPU and the doctor say of each state of a rule. */
static int show_rule(const char *name)
{
	struct doctor_state s;
	struct entrytry t;
	u16 broken[ENTRYTRY_BROKEN];
	unsigned int i, count, shown = 0;

	for (i = 0; i < doctor_nr_cases; i++) {
		if (!doctor_cases[i].rule || strcmp(doctor_cases[i].rule, name) ||
		    !make_case(&doctor_cases[i], &base, &t))
			continue;
		if (ioctl(dev, ENTRYTRY_TRY, &t))
			die("ENTRYTRY_TRY");
		take_state(&s, &base, &t);
		count = doctor_examine(&s, broken, ENTRYTRY_BROKEN);
		say_state(&t, doctor_cases[i].base, &s, broken, count);
		shown++;
	}
	if (!shown)
		printf("# this CPU has no state for %s\n", name);
	return !shown;
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
	printf("# show: %u states tried (%u accepted), %u agree, ", states, accepted,
	       states - different - wrong);
	printf("%u by a listed difference, %u disagree: %u%% agreement\n", different, wrong,
	       states ? 100 * (states - wrong) / states : 0);
	printf("# %u were not tried: nothing would bring the CPU back as it was\n", not_tried);
	for (i = 0; i < doctor_nr_differ; i++) {
		if (doctor_differ[i].seen)
			printf("# listed difference, %u times: %s\n", doctor_differ[i].seen,
			       doctor_differ[i].text);
	}
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--differences")) {
		print_differ(stdout);
		printf("\n");
		print_unseen(stdout);
		return 0;
	}
	dev = open("/dev/" ENTRYTRY_DEVICE, O_RDWR);
	if (dev < 0)
		die("/dev/" ENTRYTRY_DEVICE);
	if (ioctl(dev, ENTRYTRY_GET_BASE, &base))
		die("ENTRYTRY_GET_BASE");
	find_emulator(base.caps.entry >> 32 & ENTRY_CET);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 2 && !strcmp(argv[1], "--rule"))
		return show_rule(argv[2]);
	printf("# show: the CPU is %s of Bochs %s\n",
	       *emulated_model ? emulated_model : "a model not known", emulator_names(emulator));
	if (argc > 2)
		random_seed(strtoull(argv[2], NULL, 0));
	valid_states();
	all_cases();
	random_states(argc > 1 ? atoi(argv[1]) : 20000);
	printf("1..%u\n", number);
	return failed != 0;
}
