// Two files in the folder of the module control and count its faults.
//
// `control` has a line for each fault: `<id> <function> <first> <last> <action> <argument>`, six words.
//   id        a unique number; a line that stays in the file keeps its count of calls
//   function  one that wrapped.h lists, or * for all of them
//   first     the first call of the function that is hit, counted from 1 since the line appeared
//   last      the last call that is hit; 0 means all calls from `first` on
//   action    one of the names below
//   argument  a number: milliseconds of delay; CKR of answer and answer-afterwards; the byte that flip-bit hits;
//             the number that change-length adds to the length; bytes of the IV of make-iv-appended; values of repeat-random;
//             flags of set-token-flags; bytes of set-check-value, where -1 is CK_UNAVAILABLE_INFORMATION;
//             otherwise 0
// The module reads this file at every call, so replace it by renaming another file over it. Without it, there are no faults.
//
// `counts` gets a line with the name of the function for each call, before any fault. The module does not create the file.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "faults.h"
#include "wrapped.h"

static const char *const ACTIONS[] = {
    [DELAY] = "delay",
    [HANG] = "hang",
    [ANSWER] = "answer",
    [ANSWER_AFTERWARDS] = "answer-afterwards",
    [CLOSE_SESSION] = "close-session",
    [CLOSE_ALL_SESSIONS] = "close-all-sessions",
    [LOG_OUT] = "log-out",
    [INVALIDATE_HANDLES] = "invalidate-handles",
    [ABORT] = "abort",
    [MAKE_IV_IN_PLACE] = "make-iv-in-place",
    [MAKE_IV_APPENDED] = "make-iv-appended",
    [REFUSE_IV] = "refuse-iv",
    [DEMAND_READ_WRITE] = "demand-read-write",
    [DEMAND_V2_20] = "demand-v2.20",
    [FLIP_BIT] = "flip-bit",
    [CHANGE_LENGTH] = "change-length",
    [WRITE_NOTHING] = "write-nothing",
    [REPEAT_RANDOM] = "repeat-random",
    [SET_TOKEN_FLAGS] = "set-token-flags",
    [SET_CHECK_VALUE] = "set-check-value",
};

static const char *const FUNCTIONS[] = {
    "*",
#define NAME(function) #function,
    WRAPPED(NAME)
#undef NAME
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char control[8192];
static plan asked;

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static int index_of(const char *name, const char *const *names, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(name, names[i]) == 0) return (int)i;
  }
  give_up("control has an unknown name", name);
}

static fault parse(const char *line) {
  fault parsed = {0};
  char action_name[32];
  int words = sscanf(line, "%lu %63s %lu %lu %31s %ld", &parsed.id, parsed.function, &parsed.first, &parsed.last,
                     action_name, &parsed.argument);
  if (words != 6) give_up("control has a line that is not of six words", line);
  index_of(parsed.function, FUNCTIONS, COUNT(FUNCTIONS));
  parsed.action = (action)index_of(action_name, ACTIONS, COUNT(ACTIONS));
  return parsed;
}

static fault *find(plan *plan, unsigned long id) {
  for (int i = 0; i < plan->count; i++) {
    if (plan->faults[i].id == id) return &plan->faults[i];
  }
  return NULL;
}

static void read_control(void) {
  char path[4096], text[sizeof control] = {0};
  path_beside_module(path, sizeof path, "control");
  FILE *file = fopen(path, "r");
  if (file) {
    if (fread(text, 1, sizeof text, file) == sizeof text) give_up("control is too long", path);
    fclose(file);
  }
  if (strcmp(text, control) == 0) return;
  strcpy(control, text);

  plan before = asked;
  asked.count = 0;
  char *rest = NULL;
  for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    if (asked.count == MAX_FAULTS) give_up("control has too many faults", path);
    fault parsed = parse(line);
    fault *known = find(&before, parsed.id);
    if (known) parsed.calls = known->calls;
    asked.faults[asked.count++] = parsed;
  }
}

static void count_call(const char *function) {
  char path[4096], line[80];
  path_beside_module(path, sizeof path, "counts");
  int file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file < 0) return;
  int length = snprintf(line, sizeof line, "%s\n", function);
  if (write(file, line, (size_t)length) != length) give_up("a call cannot be counted in", path);
  close(file);
}

void plan_call(plan *plan, const char *function) {
  plan->count = 0;
  pthread_mutex_lock(&lock);
  count_call(function);
  read_control();
  for (int i = 0; i < asked.count; i++) {
    fault *fault = &asked.faults[i];
    if (strcmp(fault->function, "*") != 0 && strcmp(fault->function, function) != 0) continue;
    fault->calls++;
    if (fault->calls < fault->first || (fault->last != 0 && fault->calls > fault->last)) continue;
    plan->faults[plan->count++] = *fault;
  }
  pthread_mutex_unlock(&lock);
}

const fault *planned(const plan *plan, action action) {
  for (int i = 0; i < plan->count; i++) {
    if (plan->faults[i].action == action) return &plan->faults[i];
  }
  return NULL;
}

void hang(const fault *fault) {
  const struct timespec pause = {.tv_nsec = 2000000};
  int there = 1;
  while (there) {
    nanosleep(&pause, NULL);
    pthread_mutex_lock(&lock);
    read_control();
    there = find(&asked, fault->id) != NULL;
    pthread_mutex_unlock(&lock);
  }
}

void path_beside_module(char *path, size_t size, const char *file) {
  Dl_info module;
  if (!dladdr(ACTIONS, &module)) give_up("the module cannot find itself", "dladdr");
  const char *slash = strrchr(module.dli_fname, '/');
  if (!slash) give_up("the module must be loaded by an absolute path, not as", module.dli_fname);
  snprintf(path, size, "%.*s/%s", (int)(slash - module.dli_fname), module.dli_fname, file);
}

void give_up(const char *reason, const char *detail) {
  fprintf(stderr, "faulty PKCS#11 module: %s: %s\n", reason, detail);
  abort();
}
