// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules about what the usual CPU of the lab has not, one by one: on which model they
 * are seen to be enforced, or why on none.
 */
#include "unseen.h"

#include <stdio.h>
#include <string.h>

#include "emulator.h"

#define ELSEWHERE(in, rule, model)	{ BOCHS_##in, #rule, model, NULL },
#define NOWHERE(in, rule, why)		{ BOCHS_##in, #rule, NULL, why },

static const struct unseen unseen[] = {
	ELSEWHERE(ALL, ept_dirty, "corei5_arrandale_m520")
	ELSEWHERE(27, pml_ept, "tigerlake")
	ELSEWHERE(27, pml_aligned, "tigerlake")
	ELSEWHERE(27, pml_width, "tigerlake")
	ELSEWHERE(27, tsc_multiplier, "tigerlake")
	ELSEWHERE(27, sub_page_ept, "tigerlake")
	ELSEWHERE(27, spptp_aligned, "tigerlake")
	ELSEWHERE(27, spptp_width, "tigerlake")
	ELSEWHERE(FROM_30, pml_ept, "arrow_lake")
	ELSEWHERE(FROM_30, pml_aligned, "arrow_lake")
	ELSEWHERE(FROM_30, pml_width, "arrow_lake")
	ELSEWHERE(FROM_30, tsc_multiplier, "arrow_lake")
	ELSEWHERE(FROM_30, sub_page_ept, "arrow_lake")
	ELSEWHERE(FROM_30, spptp_aligned, "arrow_lake")
	ELSEWHERE(FROM_30, spptp_width, "arrow_lake")
	ELSEWHERE(FROM_30, posted_delivery, "arrow_lake")
	ELSEWHERE(FROM_30, posted_acknowledge, "arrow_lake")
	ELSEWHERE(FROM_30, posted_vector, "arrow_lake")
	ELSEWHERE(FROM_30, posted_desc_aligned, "arrow_lake")
	ELSEWHERE(FROM_30, posted_desc_width, "arrow_lake")
	ELSEWHERE(FROM_30, mode_execute_ept, "arrow_lake")
	ELSEWHERE(FROM_30, proc3_allowed, "arrow_lake")
	ELSEWHERE(FROM_30, exit2_allowed, "arrow_lake")
	NOWHERE(27, posted_delivery, "no model has it")
	NOWHERE(27, posted_acknowledge, "no model has it")
	NOWHERE(27, posted_vector, "no model has it")
	NOWHERE(27, posted_desc_aligned, "no model has it")
	NOWHERE(27, posted_desc_width, "no model has it")
	NOWHERE(27, mode_execute_ept, "no model has it")
	NOWHERE(27, proc3_allowed, "no model has it")
	NOWHERE(27, exit2_allowed, "no model has it")
	ELSEWHERE(27, host_cet_wp, "tigerlake")
	ELSEWHERE(27, host_s_cet, "tigerlake")
	ELSEWHERE(27, host_ssp, "tigerlake")
	ELSEWHERE(27, host_ssp_table, "tigerlake")
	ELSEWHERE(27, host_s_cet_canonical, "tigerlake")
	ELSEWHERE(27, host_ssp_canonical, "tigerlake")
	ELSEWHERE(27, guest_cet_wp, "tigerlake")
	ELSEWHERE(27, guest_s_cet, "tigerlake")
	ELSEWHERE(27, guest_s_cet_canonical, "tigerlake")
	ELSEWHERE(27, guest_ssp_table, "tigerlake")
	ELSEWHERE(27, guest_ssp, "tigerlake")
	ELSEWHERE(27, guest_ssp_64, "tigerlake")
	ELSEWHERE(CET_30, host_cet_wp, "arrow_lake")
	ELSEWHERE(CET_30, host_s_cet, "arrow_lake")
	ELSEWHERE(CET_30, host_ssp, "arrow_lake")
	ELSEWHERE(CET_30, host_ssp_table, "arrow_lake")
	ELSEWHERE(CET_30, host_s_cet_canonical, "arrow_lake")
	ELSEWHERE(CET_30, host_ssp_canonical, "arrow_lake")
	ELSEWHERE(CET_30, guest_cet_wp, "arrow_lake")
	ELSEWHERE(CET_30, guest_s_cet, "arrow_lake")
	ELSEWHERE(CET_30, guest_s_cet_canonical, "arrow_lake")
	ELSEWHERE(CET_30, guest_ssp_table, "arrow_lake")
	ELSEWHERE(CET_30, guest_ssp, "arrow_lake")
	ELSEWHERE(CET_30, guest_ssp_64, "arrow_lake")
	NOWHERE(30, host_cet_wp, "lab/bochs/build leaves CET out")
	NOWHERE(30, host_s_cet, "lab/bochs/build leaves CET out")
	NOWHERE(30, host_ssp, "lab/bochs/build leaves CET out")
	NOWHERE(30, host_ssp_table, "lab/bochs/build leaves CET out")
	NOWHERE(30, host_s_cet_canonical, "lab/bochs/build leaves CET out")
	NOWHERE(30, host_ssp_canonical, "lab/bochs/build leaves CET out")
	NOWHERE(30, guest_cet_wp, "lab/bochs/build leaves CET out")
	NOWHERE(30, guest_s_cet, "lab/bochs/build leaves CET out")
	NOWHERE(30, guest_s_cet_canonical, "lab/bochs/build leaves CET out")
	NOWHERE(30, guest_ssp_table, "lab/bochs/build leaves CET out")
	NOWHERE(30, guest_ssp, "lab/bochs/build leaves CET out")
	NOWHERE(30, guest_ssp_64, "lab/bochs/build leaves CET out")
	ELSEWHERE(CET_30, guest_uinv, "arrow_lake")
	NOWHERE(27, guest_uinv, "no model has it")
	NOWHERE(27, host_pkrs, "no model has it")
	NOWHERE(27, guest_pkrs, "no model has it")
	NOWHERE(30, guest_uinv, "lab/bochs/build leaves user interrupts and protection keys out")
	NOWHERE(30, host_pkrs, "lab/bochs/build leaves user interrupts and protection keys out")
	NOWHERE(30, guest_pkrs, "lab/bochs/build leaves user interrupts and protection keys out")
	NOWHERE(ALL, ipi_shadow, "no model has IPI virtualization")
	NOWHERE(ALL, pid_table_aligned, "no model has IPI virtualization")
	NOWHERE(ALL, pid_table_width, "no model has IPI virtualization")
	NOWHERE(ALL, pid_table_end, "no model has IPI virtualization")
	NOWHERE(ALL, pt_gpa_ept, "no model has Intel PT")
	NOWHERE(ALL, pt_gpa_entry, "no model has Intel PT")
	NOWHERE(ALL, pt_gpa_exit, "no model has Intel PT")
	NOWHERE(ALL, rtit_tracing, "no model has Intel PT")
	NOWHERE(ALL, guest_rtit_ctl, "no model has Intel PT")
	NOWHERE(ALL, low_pasid_aligned, "no model has PASID translation")
	NOWHERE(ALL, low_pasid_width, "no model has PASID translation")
	NOWHERE(ALL, high_pasid_aligned, "no model has PASID translation")
	NOWHERE(ALL, high_pasid_width, "no model has PASID translation")
	NOWHERE(ALL, hlat_ept, "no model has HLAT")
	NOWHERE(ALL, hlatp_reserved, "no model has HLAT")
	NOWHERE(ALL, hlatp_width, "no model has HLAT")
	NOWHERE(ALL, paging_write_ept, "no model has HLAT")
	NOWHERE(ALL, verification_ept, "no model has HLAT")
	NOWHERE(ALL, guest_bndcfgs, "no model has MPX")
	NOWHERE(ALL, guest_bndcfgs_canonical, "no model has MPX")
	NOWHERE(ALL, guest_lbr_ctl, "no model has architectural LBRs")
	NOWHERE(ALL, smm_both, "the lab has nothing that runs in SMM")
	NOWHERE(ALL, activity_smm, "the lab has nothing that runs in SMM")
	NOWHERE(ALL, blocking_smi_entry, "the lab has nothing that runs in SMM")
	NOWHERE(ALL, host_ss_null, "the host of the lab is in IA-32e mode")
	NOWHERE(ALL, host_size_32, "the host of the lab is in IA-32e mode")
	NOWHERE(ALL, guest_ia32e_host, "the host of the lab is in IA-32e mode")
	NOWHERE(ALL, host_pcide, "the host of the lab is in IA-32e mode")
	NOWHERE(ALL, host_rip_32, "the host of the lab is in IA-32e mode")
	NOWHERE(ALL, host_s_cet_32, "the host of the lab is in IA-32e mode")
	NOWHERE(ALL, host_ssp_32, "the host of the lab is in IA-32e mode")
};

#define COUNT	(sizeof(unseen) / sizeof(*unseen))

static const struct unseen *find(const char *name)
{
	unsigned int i;

	for (i = 0; i < COUNT; i++) {
		if (unseen[i].in & emulator && !strcmp(name, unseen[i].rule))
			return &unseen[i];
	}
	return NULL;
}

bool coverage_is_listed(const char *name, enum coverage coverage)
{
	bool usual = !strcmp(emulated_model, USUAL_MODEL);
	const struct unseen *u = find(name);

	if (coverage == UNTRIED)
		return false;
	/* The usual CPU has everything that is not listed; what others lack, they may lack. */
	if (!u)
		return coverage != ABSENT || !usual;
	if (usual || !u->model)
		return coverage == ABSENT;
	return coverage != ABSENT || strcmp(emulated_model, u->model);
}

/* Rules that follow each other with the same reason share a line. */
void print_unseen(FILE *out)
{
	const struct unseen *u;

	fprintf(out, "| in | refused by | rules |\n| --- | --- | --- |");
	for (u = unseen; u < unseen + COUNT; u++) {
		const char *where = u->model ? u->model : u->why;

		if (u > unseen && u->in == u[-1].in &&
		    !strcmp(where, u[-1].model ? u[-1].model : u[-1].why))
			fprintf(out, ", `%s`", u->rule);
		else
			fprintf(out, "%s\n| %s | %s%s | `%s`", u > unseen ? " |" : "",
				emulator_names(u->in), u->model ? "" : "none: ", where, u->rule);
	}
	fprintf(out, " |\n");
}
