// The real module: `target.so` in the folder of this one, or what that links to.
#ifndef TARGET_H
#define TARGET_H

#include "cryptoki.h"

extern CK_FUNCTION_LIST_PTR target;

void load_target(void);

// C_Initialize of the real module; with the text of the file `parameters`, if it exists, in the way of NSS.
CK_RV initialize_target(CK_VOID_PTR arguments);

#endif
