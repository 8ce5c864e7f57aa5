#define _GNU_SOURCE
#include "target.h"

#include <dlfcn.h>

#include "faults.h"

CK_FUNCTION_LIST_PTR target;

void load_target(void) {
  char path[4096];
  path_beside_module(path, sizeof path, "target.so");
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) give_up("the real module cannot be loaded", dlerror());
  CK_C_GetFunctionList get = (CK_C_GetFunctionList)dlsym(library, "C_GetFunctionList");
  if (!get || get(&target) != CKR_OK) give_up("the real module has no functions", path);
}
