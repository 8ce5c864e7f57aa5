// The faults that the control file requests. faults.c describes its format.
#ifndef FAULTS_H
#define FAULTS_H

#include <stddef.h>

typedef enum {
  DELAY,
  HANG,
  ANSWER,
  ANSWER_AFTERWARDS,
  CLOSE_SESSION,
  CLOSE_ALL_SESSIONS,
  LOG_OUT,
  INVALIDATE_HANDLES,
  ABORT,
  MAKE_IV_IN_PLACE,
  MAKE_IV_APPENDED,
  REFUSE_IV,
  DEMAND_READ_WRITE,
  DEMAND_V2_20,
  FLIP_BIT,
  CHANGE_LENGTH,
  WRITE_NOTHING,
  REPEAT_RANDOM,
  SET_TOKEN_FLAGS,
  SET_CHECK_VALUE,
} action;

typedef struct {
  unsigned long id;
  char function[64];
  unsigned long first, last;
  action action;
  long argument;
  unsigned long calls;
} fault;

enum { MAX_FAULTS = 32 };

// The faults of one call, in the order of the control file.
typedef struct {
  fault faults[MAX_FAULTS];
  int count;
} plan;

// Counts the call and returns its faults. May be called from any thread.
void plan_call(plan *plan, const char *function);

// NULL if the call has no such fault.
const fault *planned(const plan *plan, action action);

// Returns when the fault is no longer in the control file.
void hang(const fault *fault);

// The path of a file in the folder of this module.
void path_beside_module(char *path, size_t size, const char *file);

// Ends the process because of a mistake in a test.
_Noreturn void give_up(const char *reason, const char *detail);

#endif
