; SPDX-License-Identifier: GPL-2.0-only
; The gap that an image begins with; layout.inc says why.
%include "layout.inc"

%assign left GAP_BLOCKS
%rep GAP_BLOCKS
%assign left left - 1
	dd left
	times BLOCK - 4 db 0
%endrep
