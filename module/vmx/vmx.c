// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMX at load and unload.
 */
#include "../vellum.h"

#include "../ept/ept.h"
#include "apicv.h"
#include "caps.h"
#include "root.h"
#include "section.h"
#include "snapshot.h"
#include "speculation.h"
#include "vmx.h"

int __init vmx_init(void)
{
	struct vlm_ept_caps ept;
	int err;

	err = vmx_caps_read();
	if (err)
		return err;
	err = vmx_root_check();
	if (err)
		return err;

	ept = (struct vlm_ept_caps) {
		.ad = vmx_has_ept_ad(),
		.pml = vmx_has_pml(),
		.page_2m = vmx_caps.ept_vpid & VMX_EPT_2MB_PAGE_BIT,
		.page_1g = vmx_caps.ept_vpid & VMX_EPT_1GB_PAGE_BIT,
	};
	vlm_ept_setup(&ept);
	vmx_host_init();
	vmx_snapshot_init();
	err = vmx_apic_init();
	if (err)
		return err;
	err = vmx_speculation_init();
	if (err)
		goto err_apic;
	err = vmx_root_init();
	if (err)
		goto err_speculation;
	return 0;

err_speculation:
	vmx_speculation_exit();
err_apic:
	vmx_apic_exit();
	return err;
}

void vmx_exit(void)
{
	vmx_root_exit();
	vmx_speculation_exit();
	vmx_apic_exit();
}
