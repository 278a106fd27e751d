// SPDX-License-Identifier: GPL-2.0-only
/* The guest's functions, by address. */
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "profile.h"

static struct symbol {
	uint64_t at;
	char *name;
} *symbols;
static size_t nr_symbols;

/* The file may be anybody's; names go to terminals and into tables. */
static char *tame(const char *name)
{
	char *copy = strdup(name);

	if (!copy)
		die("out of memory");
	for (char *c = copy; *c; c++) {
		if (*c <= ' ' || *c > '~' || strchr("\",;", *c))
			*c = '?';
	}
	return copy;
}

static void symbol_add(uint64_t at, const char *name)
{
	if (!(nr_symbols & (nr_symbols - 1)) && nr_symbols != 1) {
		symbols = realloc(symbols, (nr_symbols ? nr_symbols * 2 : 2) * sizeof(*symbols));
		if (!symbols)
			die("out of memory");
	}
	symbols[nr_symbols].at = at;
	symbols[nr_symbols++].name = tame(name);
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* System.map and kallsyms: address, type, name; code has type t or T. */
static void read_map(FILE *f)
{
	char line[512], *at_end;
	uint64_t at;

	while (fgets(line, sizeof(line), f)) {
		at = strtoull(line, &at_end, 16);
		if (at_end == line || at_end[0] != ' ' || !at_end[1] ||
		    !strchr("tTwW", at_end[1]) || at_end[2] != ' ')
			continue;
		at_end[3 + strcspn(at_end + 3, " \t\n")] = 0;
		if (at_end[3])
			symbol_add(at, at_end + 3);
	}
}

static void *section(FILE *f, const Elf64_Shdr *s)
{
	char *data;

	if (s->sh_size > (1ull << 30))
		return NULL;
	data = malloc(s->sh_size + 1);
	if (!data || fseek(f, s->sh_offset, SEEK_SET) ||
	    fread(data, 1, s->sh_size, f) != s->sh_size) {
		free(data);
		return NULL;
	}
	data[s->sh_size] = 0;
	return data;
}

static void read_symtab(FILE *f, const Elf64_Shdr *table, const Elf64_Shdr *strings)
{
	Elf64_Sym *sym = section(f, table);
	char *text = section(f, strings);

	for (uint64_t i = 0; sym && text && i < table->sh_size / sizeof(*sym); i++) {
		if (ELF64_ST_TYPE(sym[i].st_info) == STT_FUNC && sym[i].st_value &&
		    sym[i].st_name < strings->sh_size)
			symbol_add(sym[i].st_value, text + sym[i].st_name);
	}
	free(sym);
	free(text);
}

static bool read_elf(FILE *f)
{
	Elf64_Shdr *sections, all = { 0 };
	Elf64_Ehdr head;

	rewind(f);
	if (fread(&head, sizeof(head), 1, f) != 1 || memcmp(head.e_ident, ELFMAG, SELFMAG) ||
	    head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_shentsize != sizeof(*sections))
		return false;
	all.sh_offset = head.e_shoff;
	all.sh_size = head.e_shnum * sizeof(*sections);
	sections = section(f, &all);
	for (unsigned int i = 0; sections && i < head.e_shnum; i++) {
		if (sections[i].sh_type == SHT_SYMTAB && sections[i].sh_link < head.e_shnum)
			read_symtab(f, &sections[i], &sections[sections[i].sh_link]);
	}
	free(sections);
	return true;
}

void symbols_read(const char *path)
{
	FILE *f = fopen(path, "r");

	if (!f)
		die("%s cannot be read", path);
	if (!read_elf(f)) {
		rewind(f);
		read_map(f);
	}
	fclose(f);
	if (!nr_symbols)
		die("%s has no symbols: System.map, kallsyms or vmlinux is wanted", path);
	qsort(symbols, nr_symbols, sizeof(*symbols), by_address);
}

/* function+offset, or the address. */
const char *symbol_text(uint64_t rip, char *buf, size_t size)
{
	size_t low = 0, high = nr_symbols;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (symbols[mid].at <= rip)
			low = mid + 1;
		else
			high = mid;
	}
	/* What lies a megabyte behind the last function is none of its. */
	if (!low || rip - symbols[low - 1].at > 0x100000)
		snprintf(buf, size, "0x%" PRIx64, rip);
	else if (rip == symbols[low - 1].at)
		snprintf(buf, size, "%s", symbols[low - 1].name);
	else
		snprintf(buf, size, "%s+0x%" PRIx64, symbols[low - 1].name,
			 rip - symbols[low - 1].at);
	return buf;
}
