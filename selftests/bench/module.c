// SPDX-License-Identifier: GPL-2.0-only
/* What the modules cost that a hypervisor is made of. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <x86intrin.h>

#include "bench.h"

struct sizes {
	long text, data, loaded;
};

/* The module's name: that of its file, less the ending. */
static void name_of(const char *file, char *name, size_t size)
{
	const char *slash = strrchr(file, '/');

	snprintf(name, size, "%s", slash ? slash + 1 : file);
	name[strcspn(name, ".")] = 0;
	for (char *c = name; *c; c++)
		if (*c == '-')
			*c = '_';
}

static long loaded_size(const char *name)
{
	char path[96], line[32];

	snprintf(path, sizeof(path), "/sys/module/%s/coresize", name);
	return vt_read_line(path, line, sizeof(line)) ? atol(line) : 0;
}

/* Sections that stay: code, and all else, of which some is only read. */
static void add_sections(const char *file, struct sizes *sizes)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct stat st;
	const Elf64_Shdr *section;
	const Elf64_Ehdr *elf;
	const char *names;

	if (fd < 0 || fstat(fd, &st))
		vt_die("%s: %s", file, strerror(errno));
	elf = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (elf == MAP_FAILED || memcmp(elf->e_ident, ELFMAG, SELFMAG))
		vt_die("%s is no ELF file", file);
	section = (const void *)((const char *)elf + elf->e_shoff);
	names = (const char *)elf + section[elf->e_shstrndx].sh_offset;
	for (int i = 0; i < elf->e_shnum; i++, section++) {
		if (!(section->sh_flags & SHF_ALLOC) || strstr(names + section->sh_name, ".init"))
			continue;
		if (section->sh_flags & SHF_EXECINSTR)
			sizes->text += section->sh_size;
		else
			sizes->data += section->sh_size;
	}
	munmap((void *)elf, st.st_size);
	close(fd);
}

int bench_modules(char **files)
{
	uint64_t start = __rdtsc();
	struct sizes sizes = { 0 };
	char name[64];
	int n;

	for (n = 0; files[n]; n++) {
		int fd = open(files[n], O_RDONLY | O_CLOEXEC);

		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
			vt_die("%s: %s", files[n], strerror(errno));
		close(fd);
	}
	bench_report("module", "loaded", "ticks", 100, __rdtsc() - start);
	for (int i = 0; i < n; i++) {
		name_of(files[i], name, sizeof(name));
		sizes.loaded += loaded_size(name);
		add_sections(files[i], &sizes);
	}
	bench_report("module", "code", "KiB", 100, sizes.text / 1024);
	bench_report("module", "data", "KiB", 100, sizes.data / 1024);
	bench_report("module", "size in memory", "KiB", 50, sizes.loaded / 1024);
	start = __rdtsc();
	while (n--) {
		name_of(files[n], name, sizeof(name));
		if (syscall(SYS_delete_module, name, O_NONBLOCK))
			vt_die("%s is not unloaded: %s", name, strerror(errno));
	}
	bench_report("module", "unloaded", "ticks", 100, __rdtsc() - start);
	return 0;
}
