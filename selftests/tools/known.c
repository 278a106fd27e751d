// SPDX-License-Identifier: GPL-2.0-only
/*
 * known [ROUNDS]: run a guest that makes a known number of each exit; say how many
 * of each, of what, and where, and write its symbols to known.map.
 */
#include <stdio.h>
#include <stdlib.h>

#include "vt_known.h"

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 1;
	struct vt_known known[VT_KNOWNS];
	struct vt_vcpu vcpu;
	struct vt_vm vm;
	FILE *map;

	vt_vm_create(&vm);
	vt_vcpu_create(&vm, &vcpu, 0);
	vt_pass_cpuid(&vcpu);
	for (int i = 0; i < rounds; i++) {
		vt_known_load(&vcpu, known);
		if (vt_known_run(&vcpu) != 500)
			return 1;
		vt_set_slot(&vm, 7, VT_KNOWN_MEMORY, 0, NULL, 0);
	}

	map = fopen("known.map", "w");
	for (int i = 0; i < VT_KNOWNS; i++) {
		printf("%s %u %llx %u %llx\n", known[i].symbol, known[i].reason,
		       (unsigned long long)known[i].cause, known[i].count * rounds,
		       (unsigned long long)known[i].rip);
		if (map)
			fprintf(map, "%016llx T %s\n", (unsigned long long)known[i].rip,
				known[i].symbol);
	}
	if (map)
		fclose(map);
	vt_vcpu_destroy(&vcpu);
	vt_vm_destroy(&vm);
	return 0;
}
