#define _GNU_SOURCE
#include "target.h"

#include <dlfcn.h>
#include <stdio.h>

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

CK_RV initialize_target(CK_VOID_PTR arguments) {
  char path[4096], parameters[4096] = {0};
  path_beside_module(path, sizeof path, "parameters");
  FILE *file = fopen(path, "r");
  if (!file) return target->C_Initialize(arguments);
  if (fread(parameters, 1, sizeof parameters, file) == sizeof parameters) give_up("parameters are too long", path);
  fclose(file);
  // As NSS has CK_C_INITIALIZE_ARGS: the parameters come before pReserved.
  struct {
    CK_CREATEMUTEX create;
    CK_DESTROYMUTEX destroy;
    CK_LOCKMUTEX lock;
    CK_UNLOCKMUTEX unlock;
    CK_FLAGS flags;
    char *parameters;
    CK_VOID_PTR reserved;
  } with_parameters = {.flags = CKF_OS_LOCKING_OK, .parameters = parameters};
  return target->C_Initialize(&with_parameters);
}
