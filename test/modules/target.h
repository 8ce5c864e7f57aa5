// The real module: `target.so` in the folder of this module, which may be a link.
#ifndef TARGET_H
#define TARGET_H

#include "cryptoki.h"

extern CK_FUNCTION_LIST_PTR target;

void load_target(void);

#endif
