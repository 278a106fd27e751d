#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A crash with a guest running: what kexec.sh says.
exec sh "$(dirname "$0")/kexec.sh" crash
