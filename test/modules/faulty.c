// A PKCS#11 module that forwards calls to a real one and produces requested faults. For tests only.
//
// Its files are in its own folder, so a process may load several such modules:
//   target.so  the real module, or a link to it
//   control, counts  see faults.c
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "faults.h"
#include "gcm.h"
#include "target.h"
#include "wrapped.h"

static CK_FUNCTION_LIST functions;
static pthread_once_t once = PTHREAD_ONCE_INIT;

// Object handles include the generation in which they were returned, above the bits that real modules use.
enum { GENERATION_SHIFT = 48 };
static _Atomic CK_ULONG generation;

static void give_handles(CK_OBJECT_HANDLE_PTR handles, CK_ULONG count) {
  for (CK_ULONG i = 0; i < count; i++) handles[i] |= generation << GENERATION_SHIFT;
}

static CK_OBJECT_HANDLE real_handle(CK_OBJECT_HANDLE handle) {
  if (handle >> GENERATION_SHIFT != generation) return CK_INVALID_HANDLE;
  return handle & (((CK_OBJECT_HANDLE)1 << GENERATION_SHIFT) - 1);
}

// Held for reading by calls that run in the real module. SoftHSM frees memory in use if a session is closed during its call.
static pthread_rwlock_t running = PTHREAD_RWLOCK_INITIALIZER;

static void close_all_sessions(void) {
  CK_SLOT_ID slots[64];
  CK_ULONG count = 64;
  if (target->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK) return;
  for (CK_ULONG i = 0; i < count; i++) target->C_CloseAllSessions(slots[i]);
}

static void take_away(action what, CK_SESSION_HANDLE session) {
  if (what == CLOSE_SESSION) target->C_CloseSession(session);
  if (what == CLOSE_ALL_SESSIONS) close_all_sessions();
  if (what == LOG_OUT) target->C_Logout(session);
}

static void die(void) {
  const struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  abort();
}

// Produces the faults before the real function. Returns false if the real function is not called because `answer` replaces it.
static int begin(plan *plan, const char *function, CK_SESSION_HANDLE session, CK_RV *answer) {
  plan_call(plan, function);
  for (int i = 0; i < plan->count; i++) {
    const fault *fault = &plan->faults[i];
    switch (fault->action) {
      case DELAY:
        nanosleep(&(struct timespec){fault->argument / 1000, fault->argument % 1000 * 1000000}, NULL);
        break;
      case HANG:
        hang(fault);
        break;
      case CLOSE_SESSION:
      case CLOSE_ALL_SESSIONS:
      case LOG_OUT:
        pthread_rwlock_wrlock(&running);
        take_away(fault->action, session);
        pthread_rwlock_unlock(&running);
        break;
      case INVALIDATE_HANDLES:
        generation++;
        break;
      case ABORT:
        die();
        break;
      case ANSWER:
        *answer = (CK_RV)fault->argument;
        return 0;
      default:
        break;
    }
  }
  return 1;
}

static CK_RV end(const plan *plan, CK_RV answer) {
  const fault *fault = planned(plan, ANSWER_AFTERWARDS);
  return fault ? (CK_RV)fault->argument : answer;
}

// `forward` is an expression that calls the real function.
#define WRAP(function, session, forward)                           \
  {                                                                \
    plan plan;                                                     \
    CK_RV answer;                                                  \
    if (!begin(&plan, #function, session, &answer)) return answer; \
    pthread_rwlock_rdlock(&running);                               \
    answer = forward;                                              \
    pthread_rwlock_unlock(&running);                               \
    return end(&plan, answer);                                     \
  }

#define NO_SESSION CK_INVALID_HANDLE

static CK_RV faulty_C_Initialize(CK_VOID_PTR arguments)
WRAP(C_Initialize, NO_SESSION, target->C_Initialize(arguments))

static CK_RV faulty_C_Finalize(CK_VOID_PTR reserved)
WRAP(C_Finalize, NO_SESSION, target->C_Finalize(reserved))

static CK_RV faulty_C_GetInfo(CK_INFO_PTR info)
WRAP(C_GetInfo, NO_SESSION, target->C_GetInfo(info))

static CK_RV faulty_C_GetSlotList(CK_BBOOL present, CK_SLOT_ID_PTR slots, CK_ULONG_PTR count)
WRAP(C_GetSlotList, NO_SESSION, target->C_GetSlotList(present, slots, count))

static CK_RV faulty_C_GetSlotInfo(CK_SLOT_ID slot, CK_SLOT_INFO_PTR info)
WRAP(C_GetSlotInfo, NO_SESSION, target->C_GetSlotInfo(slot, info))

static CK_RV token_info(const plan *plan, CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info) {
  CK_RV rv = target->C_GetTokenInfo(slot, info);
  const fault *set = planned(plan, SET_TOKEN_FLAGS);
  if (rv == CKR_OK && set) info->flags |= (CK_FLAGS)set->argument;
  return rv;
}

static CK_RV faulty_C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info)
WRAP(C_GetTokenInfo, NO_SESSION, token_info(&plan, slot, info))

static CK_RV faulty_C_GetMechanismList(CK_SLOT_ID slot, CK_MECHANISM_TYPE_PTR types, CK_ULONG_PTR count)
WRAP(C_GetMechanismList, NO_SESSION, target->C_GetMechanismList(slot, types, count))

static CK_RV faulty_C_GetMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR info)
WRAP(C_GetMechanismInfo, NO_SESSION, target->C_GetMechanismInfo(slot, type, info))

static CK_RV open_session(const plan *plan, CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR application, CK_NOTIFY notify,
                          CK_SESSION_HANDLE_PTR session) {
  if (planned(plan, DEMAND_READ_WRITE) && !(flags & CKF_RW_SESSION)) return CKR_FUNCTION_FAILED;
  return target->C_OpenSession(slot, flags, application, notify, session);
}

static CK_RV faulty_C_OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR application, CK_NOTIFY notify,
                                  CK_SESSION_HANDLE_PTR session)
WRAP(C_OpenSession, NO_SESSION, open_session(&plan, slot, flags, application, notify, session))

static CK_RV faulty_C_CloseSession(CK_SESSION_HANDLE session)
WRAP(C_CloseSession, session, target->C_CloseSession(session))

static CK_RV faulty_C_CloseAllSessions(CK_SLOT_ID slot)
WRAP(C_CloseAllSessions, NO_SESSION, target->C_CloseAllSessions(slot))

static CK_RV faulty_C_GetSessionInfo(CK_SESSION_HANDLE session, CK_SESSION_INFO_PTR info)
WRAP(C_GetSessionInfo, session, target->C_GetSessionInfo(session, info))

static CK_RV faulty_C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG length)
WRAP(C_Login, session, target->C_Login(session, user, pin, length))

static CK_RV faulty_C_Logout(CK_SESSION_HANDLE session)
WRAP(C_Logout, session, target->C_Logout(session))

static CK_RV create_object(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR attributes, CK_ULONG count,
                           CK_OBJECT_HANDLE_PTR object) {
  CK_RV rv = target->C_CreateObject(session, attributes, count, object);
  if (rv == CKR_OK) give_handles(object, 1);
  return rv;
}

static CK_RV faulty_C_CreateObject(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR attributes, CK_ULONG count,
                                   CK_OBJECT_HANDLE_PTR object)
WRAP(C_CreateObject, session, create_object(session, attributes, count, object))

static CK_RV faulty_C_DestroyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
WRAP(C_DestroyObject, session, target->C_DestroyObject(session, real_handle(object)))

// With the fault, a check value that is read alone is `length` escape characters, whatever the key.
static CK_RV get_attributes(const plan *plan, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                            CK_ATTRIBUTE_PTR attributes, CK_ULONG count) {
  const fault *set = planned(plan, SET_CHECK_VALUE);
  if (!set || count != 1 || attributes->type != CKA_CHECK_VALUE) {
    return target->C_GetAttributeValue(session, object, attributes, count);
  }
  CK_ULONG length = (CK_ULONG)set->argument;
  if (attributes->pValue && attributes->ulValueLen >= length) memset(attributes->pValue, '\x1b', length);
  attributes->ulValueLen = length;
  return CKR_OK;
}

static CK_RV faulty_C_GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR attributes,
                                        CK_ULONG count)
WRAP(C_GetAttributeValue, session, get_attributes(&plan, session, real_handle(object), attributes, count))

static CK_RV faulty_C_FindObjectsInit(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR attributes, CK_ULONG count)
WRAP(C_FindObjectsInit, session, target->C_FindObjectsInit(session, attributes, count))

static CK_RV find_objects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE_PTR objects, CK_ULONG room, CK_ULONG_PTR count) {
  CK_RV rv = target->C_FindObjects(session, objects, room, count);
  if (rv == CKR_OK) give_handles(objects, *count);
  return rv;
}

static CK_RV faulty_C_FindObjects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE_PTR objects, CK_ULONG room,
                                  CK_ULONG_PTR count)
WRAP(C_FindObjects, session, find_objects(session, objects, room, count))

static CK_RV faulty_C_FindObjectsFinal(CK_SESSION_HANDLE session)
WRAP(C_FindObjectsFinal, session, target->C_FindObjectsFinal(session))

static CK_RV faulty_C_EncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
WRAP(C_EncryptInit, session, gcm_init(&plan, target->C_EncryptInit, session, mechanism, real_handle(key)))

static CK_RV faulty_C_DecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
WRAP(C_DecryptInit, session, gcm_init(&plan, target->C_DecryptInit, session, mechanism, real_handle(key)))

// C_Encrypt or C_Decrypt.
static CK_RV cipher(const plan *plan, CK_C_Encrypt real, CK_SESSION_HANDLE session, CK_BYTE_PTR input, CK_ULONG size,
                    CK_BYTE_PTR output, CK_ULONG_PTR length) {
  CK_ULONG room = *length;
  CK_BYTE_PTR discarded = output && planned(plan, WRITE_NOTHING) ? malloc(room) : NULL;
  CK_RV rv = real(session, input, size, discarded ? discarded : output, length);
  free(discarded);
  if (rv != CKR_OK || !output) return rv;

  if (real == target->C_Encrypt) rv = gcm_deliver_iv(session, output, length, room);
  const fault *flip = planned(plan, FLIP_BIT);
  if (flip && (CK_ULONG)flip->argument < *length) output[flip->argument] ^= 1;
  const fault *change = planned(plan, CHANGE_LENGTH);
  if (change) *length += (CK_ULONG)change->argument;
  return rv;
}

static CK_RV faulty_C_Encrypt(CK_SESSION_HANDLE session, CK_BYTE_PTR input, CK_ULONG size, CK_BYTE_PTR output,
                              CK_ULONG_PTR length)
WRAP(C_Encrypt, session, cipher(&plan, target->C_Encrypt, session, input, size, output, length))

static CK_RV faulty_C_Decrypt(CK_SESSION_HANDLE session, CK_BYTE_PTR input, CK_ULONG size, CK_BYTE_PTR output,
                              CK_ULONG_PTR length)
WRAP(C_Decrypt, session, cipher(&plan, target->C_Decrypt, session, input, size, output, length))

static CK_RV generate_key(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_ATTRIBUTE_PTR attributes,
                          CK_ULONG count, CK_OBJECT_HANDLE_PTR key) {
  CK_RV rv = target->C_GenerateKey(session, mechanism, attributes, count, key);
  if (rv == CKR_OK) give_handles(key, 1);
  return rv;
}

static CK_RV faulty_C_GenerateKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_ATTRIBUTE_PTR attributes,
                                  CK_ULONG count, CK_OBJECT_HANDLE_PTR key)
WRAP(C_GenerateKey, session, generate_key(session, mechanism, attributes, count, key))

static CK_RV generate_random(const plan *plan, CK_SESSION_HANDLE session, CK_BYTE_PTR bytes, CK_ULONG count) {
  CK_RV rv = target->C_GenerateRandom(session, bytes, count);
  const fault *repeat = planned(plan, REPEAT_RANDOM);
  if (rv != CKR_OK || !repeat) return rv;
  // The IVs take turns, whether one call requests one IV or several.
  enum { IV_BYTES = 12 };
  for (CK_ULONG i = 0; i < count; i++) {
    bytes[i] = (CK_BYTE)(1 + (repeat->calls + i / IV_BYTES) % (CK_ULONG)repeat->argument);
  }
  return rv;
}

static CK_RV faulty_C_GenerateRandom(CK_SESSION_HANDLE session, CK_BYTE_PTR bytes, CK_ULONG count)
WRAP(C_GenerateRandom, session, generate_random(&plan, session, bytes, count))

static void load(void) {
  load_target();
  functions = *target;
#define REPLACE(function) functions.function = faulty_##function;
  WRAPPED(REPLACE)
#undef REPLACE
}

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list) {
  pthread_once(&once, load);
  *list = &functions;
  return CKR_OK;
}
