// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics, as rows.
 */
#include "find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *one_more(void *array, size_t nr, size_t size)
{
	return nr & (nr - 1) ? array : realloc(array, (nr ? nr * 2 : 1) * size);
}

void count_row(const char *name, uint64_t value, void *counts)
{
	struct counts *c = counts;
	struct counted *row = one_more(c->row, c->nr, sizeof(*row));

	if (!row)
		return;
	c->row = row;
	snprintf(row[c->nr].name, sizeof(row->name), "%s", name);
	row[c->nr++].value = value;
}

uint64_t counted(const struct counts *c, const char *name)
{
	for (size_t i = 0; i < c->nr; i++) {
		if (!strcmp(c->row[i].name, name))
			return c->row[i].value;
	}
	return 0;
}

uint64_t counted_all(const struct found_vm *vm, const char *name)
{
	uint64_t sum = counted(&vm->own, name);

	for (unsigned int i = 0; vm->vcpus && i < vm->nr_vcpus; i++)
		sum += counted(&vm->vcpus[i], name);
	return sum;
}
