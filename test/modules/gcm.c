#include "gcm.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"

// CK_GCM_PARAMS before PKCS#11 2.40, without ulIvBits.
typedef struct {
  CK_BYTE_PTR pIv;
  CK_ULONG ulIvLen;
  CK_BYTE_PTR pAAD;
  CK_ULONG ulAADLen;
  CK_ULONG ulTagBits;
} gcm_params_v2_20;

// An IV that this module generated for the active operation of the session.
typedef struct made_iv {
  struct made_iv *next;
  CK_SESSION_HANDLE session;
  // Address in the caller's memory for the IV, which must outlive C_EncryptInit; NULL if the IV is appended.
  CK_BYTE_PTR in_place;
  CK_ULONG length;
  CK_BYTE bytes[16];
} made_iv;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static made_iv *made;

static made_iv *take(CK_SESSION_HANDLE session) {
  pthread_mutex_lock(&lock);
  made_iv **link = &made;
  while (*link && (*link)->session != session) link = &(*link)->next;
  made_iv *found = *link;
  if (found) *link = found->next;
  pthread_mutex_unlock(&lock);
  return found;
}

static void keep(made_iv *iv) {
  free(take(iv->session));
  pthread_mutex_lock(&lock);
  iv->next = made;
  made = iv;
  pthread_mutex_unlock(&lock);
}

static int is_zero(const CK_BYTE *bytes, CK_ULONG length) {
  for (CK_ULONG i = 0; i < length; i++) {
    if (bytes[i] != 0) return 0;
  }
  return 1;
}

static CK_RV read_params(const plan *plan, const CK_MECHANISM *mechanism, CK_GCM_PARAMS *params) {
  if (!planned(plan, DEMAND_V2_20)) {
    if (mechanism->ulParameterLen != sizeof *params) return CKR_MECHANISM_PARAM_INVALID;
    memcpy(params, mechanism->pParameter, sizeof *params);
    return CKR_OK;
  }
  gcm_params_v2_20 given;
  if (mechanism->ulParameterLen != sizeof given) return CKR_MECHANISM_PARAM_INVALID;
  memcpy(&given, mechanism->pParameter, sizeof given);
  *params = (CK_GCM_PARAMS){
      .pIv = given.pIv,
      .ulIvLen = given.ulIvLen,
      .ulIvBits = given.ulIvLen * 8,
      .pAAD = given.pAAD,
      .ulAADLen = given.ulAADLen,
      .ulTagBits = given.ulTagBits,
  };
  return CKR_OK;
}

CK_RV gcm_init(const plan *plan, CK_C_EncryptInit init, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
               CK_OBJECT_HANDLE key) {
  int in_place = planned(plan, MAKE_IV_IN_PLACE) != NULL;
  const fault *appended = planned(plan, MAKE_IV_APPENDED);
  int refuse = planned(plan, REFUSE_IV) != NULL;
  if (mechanism->mechanism != CKM_AES_GCM || !(in_place || appended || refuse || planned(plan, DEMAND_V2_20))) {
    return init(session, mechanism, key);
  }
  CK_GCM_PARAMS params;
  CK_RV rv = read_params(plan, mechanism, &params);
  if (rv != CKR_OK) return rv;
  if (in_place && params.ulIvLen == 0) return CKR_MECHANISM_PARAM_INVALID;
  if (refuse && (params.pIv || params.ulIvLen != 0)) return CKR_MECHANISM_PARAM_INVALID;
  // If no IV is given, ulIvBits is the length of the IV to generate.
  if (refuse && !planned(plan, DEMAND_V2_20) && params.ulIvBits != 96) return CKR_MECHANISM_PARAM_INVALID;
  made_iv *iv = NULL;
  if (appended || (in_place && is_zero(params.pIv, params.ulIvLen))) {
    iv = calloc(1, sizeof *iv);
    iv->session = session;
    iv->length = in_place ? params.ulIvLen : (CK_ULONG)appended->argument;
    if (iv->length > sizeof iv->bytes) give_up("an IV is too long", "C_EncryptInit");
    iv->in_place = in_place ? params.pIv : NULL;
    rv = target->C_GenerateRandom(session, iv->bytes, iv->length);
    params.pIv = iv->bytes;
    params.ulIvLen = iv->length;
    params.ulIvBits = iv->length * 8;
  }
  CK_MECHANISM translated = {CKM_AES_GCM, &params, sizeof params};
  if (rv == CKR_OK) rv = init(session, &translated, key);
  if (iv && rv == CKR_OK) keep(iv);
  else free(iv);
  return rv;
}

CK_RV gcm_deliver_iv(CK_SESSION_HANDLE session, CK_BYTE_PTR output, CK_ULONG_PTR length, CK_ULONG room) {
  made_iv *iv = take(session);
  if (!iv) return CKR_OK;
  CK_RV rv = CKR_OK;
  if (iv->in_place) {
    memcpy(iv->in_place, iv->bytes, iv->length);
  } else {
    if (*length + iv->length <= room) memcpy(output + *length, iv->bytes, iv->length);
    else rv = CKR_BUFFER_TOO_SMALL;
    *length += iv->length;
  }
  free(iv);
  return rv;
}
