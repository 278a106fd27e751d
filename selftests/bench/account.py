#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""account.py brief|groups|functions|listing SYMBOLS LOG COUNTS MODULE: print where the
ticks of each row went; a listing has the instructions of MODULE, a file, too.

LOG has a line "account ROW" for each row and "bench ROW|UNIT|GOAL|VALUE" for its figure,
and COUNTS.1, COUNTS.2... are what the emulator counted of the first, the second...
(lab/bochs/account/instrument.cc)."""
import bisect
import os
import re
import subprocess
import sys
import textwrap

LEAST = 0.5     # ticks: what takes less is added up
LEAST_NAMED = 100   # among groups: what is less than one part of these

# What belongs together, by owner and function.
GROUPS = [(owner, name, re.compile(what + "$")) for owner, name, what in (
    ("kernel", "system call", r"entry_SYS.*|do_syscall_64|x64_sys_.*|syscall_.*|"
     r"exit_to_user_mode.*|amd_clear_divider|__x64_sys_ioctl|do_vfs_ioctl|__fdget|__fget_.*|"
     r"__cond_resched"),
    ("kernel", "security modules", r"security_.*|tomoyo_.*|bpf_lsm_.*|apparmor_.*"),
    ("kernel", "FPU of the program", r".*fpu.*|.*fpregs.*|xfd_validate_state"),
    ("kernel", "locks, RCU", r"mutex_.*|_raw_.*|.*rcu.*"),
    ("kernel", "segments, CR3, CR4", r"current_save_fsgs|__rdgsbase_inactive|"
     r"__get_current_cr3_fast|cr4_read_shadow"),
    ("kernel", "clock", r"ktime_.*|read_tsc|timekeeping_.*"),
    ("vellum", "entry and exit", r"vmx_enter_guest|vmx_exit_point|vmx_run_guest"),
    ("vellum", "KVM_RUN", r"run|run_.*|vlm_vcpu_run|vlm_ioctl_vcpu|vcpu_file_ioctl|"
     r"vmx_interrupt_state|vlm_get_cr8|vlm_pv_before_section"),
    ("vellum", "section", r"vmx_section_.*|load_guest_msrs|vmx_speculation_section|"
     r"refresh_host|vlm_ept_need_flush|vmx_interrupts_.*"),
    ("vellum", "guest's FPU", r"vlm_fpu_.*"),
    ("vellum", "RIP", r"vmx_skip.*|vlm_skip_pending|vmx_exit_rip|vmx_retire"),
    ("vellum", "VMCS reads", r"vmx_read_exit|vmx_get.*|vmx_cpl|vmx_code_bits|vmx_event_recover"),
)]


class Symbols:
    """Functions by address; those of a module have its name behind them."""

    def __init__(self, path):
        rows = []
        with open(path) as file:
            for line in file:
                word = line.split()
                rows.append((int(word[0], 16), word[2], word[3] if len(word) > 3 else "kernel"))
        rows.sort()
        self.starts = [row[0] for row in rows]
        self.rows = rows

    def at(self, address):
        at = bisect.bisect_right(self.starts, address) - 1
        return self.rows[at][2], self.rows[at][1].split(".")[0]

    def start_of(self, name):
        return next((row[0] for row in self.rows if row[1] == name and row[2] != "kernel"), None)


def read_counts(path, symbols):
    """(the numbers, {(owner, function): instructions}, {address: instructions})"""
    number, functions, addresses = {}, {}, {}
    with open(path) as file:
        for line in file:
            word = line.split()
            if len(word) == 2:
                number[word[0]] = int(word[1])
                continue
            key = ("program", "") if word[0] == "u" else symbols.at(int(word[1], 16))
            functions[key] = functions.get(key, 0) + int(word[2])
            addresses[int(word[1], 16)] = int(word[2])
    return number, functions, addresses


def listing(module, symbols, each, addresses):
    """The module's instructions as they are in its file, with how often they ran."""
    text = subprocess.run(["objdump", "-dr", "--no-show-raw-insn", module], text=True,
                          check=True, capture_output=True).stdout
    start, name = None, ""
    for line in text.splitlines():
        head = re.match(r"([0-9a-f]+) <(.*)>:", line)
        if head:
            at, name = int(head[1], 16), head[2]
            start = symbols.start_of(name)
            continue
        code = re.match(r" *([0-9a-f]+):\t(.*)", line)
        if not code or start is None or "R_X86" in code[2]:
            continue
        count = addresses.get(start + int(code[1], 16) - at, 0)
        if count / each >= LEAST:
            print("    %12.1f  %s+%x  %s" % (count / each, name, int(code[1], 16) - at,
                                             code[2].strip()))


def sums(number, functions):
    """[(owner, instructions of all its functions)], the owners as they are printed."""
    owners = {}
    for (owner, _), count in functions.items():
        owners[owner] = owners.get(owner, 0) + count
    owners["guest"] = number["guest"]
    owners["halted"] = number["halted"]
    return [(o, owners[o]) for o in sorted(owners, key=lambda o: -owners[o]) if owners[o]]


def print_groups(each, functions):
    """One line a row of owners, of their groups and of what is in none."""
    total = sum(functions.values())
    for owner in sorted({key[0] for key in functions if key[1]}, reverse=True):
        parts, rest = {}, 0
        for (whose, function), count in functions.items():
            if whose != owner:
                continue
            group = next((g for o, g, what in GROUPS if o == owner and what.match(function)),
                         None)
            if group or count * LEAST_NAMED >= total:
                parts[group or function] = parts.get(group or function, 0) + count
            else:
                rest += count
        line = ["%s %d" % (part, round(parts[part] / each))
                for part in sorted(parts, key=lambda part: -parts[part])
                if parts[part] / each >= LEAST]
        if rest / each >= LEAST:
            line.append("others %d" % round(rest / each))
        print(textwrap.fill(", ".join(line), 88, initial_indent="    %-7s " % owner,
                            subsequent_indent=" " * 12))


def report(name, figure, number, functions, how):
    each = number["operations"]
    totals = ", ".join("%s %d" % (o, round(n / each)) for o, n in sums(number, functions)
                       if n / each >= LEAST)
    print("%s: %s; %d between the marks: %s" %
          (name.replace("|", ", "), figure, round(number["ticks"] / each), totals))
    if how == "groups":
        print_groups(each, functions)
    if how in ("brief", "groups"):
        return
    rest, total = {}, sum(functions.values())
    for (owner, function), count in sorted(functions.items(), key=lambda f: -f[1]):
        if not function:
            continue
        if count / each < LEAST or (total > each * 100000 and count * 400 < total):
            rest[owner] = rest.get(owner, 0) + count
        else:
            print("    %12.1f  %-8s  %s" % (count / each, owner, function))
    for owner, count in rest.items():
        print("    %12.1f  %-8s  (others)" % (count / each, owner))


def main():
    how, symbols_path, log, counts, module = sys.argv[1:]
    symbols = Symbols(symbols_path)
    names, figures = [], {}
    with open(log) as file:
        for line in file:
            if line.startswith("account "):
                names.append(line[8:].strip())
            elif line.startswith("bench "):
                group, name, unit, _, value = line[6:].strip().split("|")
                figures[group + "|" + name] = value + " " + unit
    for at, name in enumerate(names, 1):
        path = "%s.%d" % (counts, at)
        if os.path.exists(path):
            number, functions, addresses = read_counts(path, symbols)
            report(name, figures.get(name, "no figure"), number, functions, how)
            if how == "listing":
                listing(module, symbols, number["operations"], addresses)


main()
