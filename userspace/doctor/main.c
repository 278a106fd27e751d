// SPDX-License-Identifier: GPL-2.0-only
/*
 * vellum doctor: what is wrong with a VMCS.
 */
#include "doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../run/run.h"
#include "../run/say.h"
#include "dump.h"

static const char help[] =
"usage: vellum doctor [--dump] FILE\n"
"\n"
"Say which rules of VM entry the VMCS in FILE breaks; - is standard input. FILE is\n"
"a dump of Vellum's, or the kernel's log with what KVM prints of an entry that the\n"
"CPU refused (kvm_intel.dump_invalid_vmcs=1).\n"
"\n"
"  --dump   write Vellum's form of the dump instead\n"
"\n"
"Ends with 0 when no rule is broken, 1 when one is, 2 when there is no dump.\n";

/* More than any log that is worth reading. */
#define MAX_FILE	(16u << 20)

static char *read_all(FILE *file, size_t *size)
{
	char *text = malloc(MAX_FILE);

	if (!text)
		return NULL;
	*size = fread(text, 1, MAX_FILE, file);
	if (ferror(file)) {
		free(text);
		return NULL;
	}
	return text;
}

static int examine(const char *path, bool rewrite)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "r") : stdin;
	struct dump dump;
	size_t size;
	char *text;

	text = file ? read_all(file, &size) : NULL;
	if (!text) {
		say("%s: %s", path, strerror(errno));
		return END_USAGE;
	}
	dump_read(&dump, text, size);
	free(text);
	if (file != stdin)
		fclose(file);
	if (!dump.fields) {
		say("%s: there is no VMCS in it, neither Vellum's form nor KVM's", path);
		return END_USAGE;
	}
	if (rewrite) {
		dump_write(&dump, stdout);
		return 0;
	}
	return dump_report(&dump, stdout) != 0;
}

int doctor_main(int argc, char **argv)
{
	bool rewrite = argc > 1 && !strcmp(argv[1], "--dump");

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(help, stdout);
		return 0;
	}
	if (argc != 2 + rewrite) {
		fputs(help, stderr);
		return END_USAGE;
	}
	return examine(argv[1 + rewrite], rewrite);
}
