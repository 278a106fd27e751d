// SPDX-License-Identifier: GPL-2.0-only
/*
 * livecode SYMBOL: 1 KiB of the kernel's code from there on, as it is after all
 * patching, in hexadecimal. By /proc/kallsyms and /proc/kcore.
 * livecode SYMBOL CALLED: whether there is a call of that other function in it.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIZE	1024

static uint64_t address_of(const char *symbol)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	unsigned long long at;
	char line[512], name[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%llx %*c %255s", &at, name) == 2 && !strcmp(name, symbol))
			return at;
	return 0;
}

static bool calls(const uint8_t *code, uint64_t at, uint64_t called)
{
	int32_t distance;

	for (unsigned int n = 0; n + 5 <= SIZE; n++) {
		memcpy(&distance, code + n + 1, 4);
		if (code[n] == 0xe8 && at + n + 5 + distance == called)
			return true;
	}
	return false;
}

static int show(int core, uint64_t at, uint64_t called)
{
	uint8_t code[SIZE];
	Elf64_Phdr part;
	Elf64_Ehdr head;

	if (pread(core, &head, sizeof(head), 0) != sizeof(head))
		return 1;
	for (unsigned int i = 0; i < head.e_phnum; i++) {
		if (pread(core, &part, sizeof(part), head.e_phoff + i * sizeof(part)) !=
		    sizeof(part))
			return 1;
		if (part.p_type != PT_LOAD || at < part.p_vaddr ||
		    at - part.p_vaddr + SIZE > part.p_memsz)
			continue;
		if (pread(core, code, SIZE, part.p_offset + (at - part.p_vaddr)) != SIZE)
			return 1;
		if (called)
			return !calls(code, at, called);
		for (unsigned int n = 0; n < SIZE; n++)
			printf("%02x", code[n]);
		putchar('\n');
		return 0;
	}
	return 1;
}

int main(int argc, char **argv)
{
	uint64_t at = argc > 1 ? address_of(argv[1]) : 0;
	uint64_t called = argc > 2 ? address_of(argv[2]) : 0;
	int core = open("/proc/kcore", O_RDONLY);

	if (argc > 2 && at && called && core >= 0)
		return show(core, at, called);
	if (argc != 2 || !at || core < 0 || show(core, at, 0)) {
		fprintf(stderr, "livecode: the code is not to be read\n");
		return 1;
	}
	return 0;
}
