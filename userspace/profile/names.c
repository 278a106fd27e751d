// SPDX-License-Identifier: GPL-2.0-only
/* Exit reasons and causes in words. */
#include <inttypes.h>
#include <asm/vmx.h>

#include "profile.h"

static const struct {
	uint32_t reason;
	const char *name;
} names[] = { VMX_EXIT_REASONS };

const char *reason_name(uint32_t reason)
{
	static char number[16];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].reason == reason)
			return names[i].name;
	}
	snprintf(number, sizeof(number), "REASON_%u", reason);
	return number;
}

bool causes_by_2m;

static const char *const register_access[] = { "to", "from", "clts", "lmsw" };

/* What the kernel calls cause, see docs/tracing.md. */
const char *cause_text(uint32_t reason, uint64_t cause, char *buf, size_t size)
{
	switch (reason) {
	case EXIT_REASON_CPUID:
		snprintf(buf, size, "leaf 0x%" PRIx64, cause);
		break;
	case EXIT_REASON_IO_INSTRUCTION:
		snprintf(buf, size, "port 0x%" PRIx64, cause);
		break;
	case EXIT_REASON_MSR_READ:
	case EXIT_REASON_MSR_WRITE:
		snprintf(buf, size, "msr 0x%" PRIx64, cause);
		break;
	case EXIT_REASON_EPT_VIOLATION:
		snprintf(buf, size, causes_by_2m ? "2M at 0x%" PRIx64 : "page 0x%" PRIx64, cause);
		break;
	case EXIT_REASON_VMCALL:
		snprintf(buf, size, "call %" PRIu64, cause);
		break;
	case EXIT_REASON_EXCEPTION_NMI:
		snprintf(buf, size, "vector %" PRIu64, cause);
		break;
	case EXIT_REASON_CR_ACCESS:
		snprintf(buf, size, "%s cr%u", register_access[cause >> 4 & 3],
			 (unsigned int)cause & 15);
		break;
	case EXIT_REASON_DR_ACCESS:
		snprintf(buf, size, "%s dr%u", register_access[cause >> 4 & 1],
			 (unsigned int)cause & 7);
		break;
	case EXIT_REASON_APIC_WRITE:
		snprintf(buf, size, "register 0x%" PRIx64, cause);
		break;
	case EXIT_REASON_EOI_INDUCED:
		snprintf(buf, size, "vector 0x%" PRIx64, cause);
		break;
	default:
		buf[0] = 0;
	}
	return buf;
}
