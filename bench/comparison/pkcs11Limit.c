// Makes the PKCS#11 calls of an Encrypt with CDIV, or of a Decrypt, in a loop: C_EncryptInit and C_Encrypt with AES-GCM of 32 bytes, then
// C_DecryptInit and C_Decrypt. This is the limit of any proxy on one core.
//
//   pkcs11Limit MODULE TOKEN_LABEL KEY_LABEL encrypt|decrypt SECONDS <PIN
//
// Prints the number of operations, the seconds and the seconds of CPU time that they took.
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "cryptoki.h"

#define REQUIRE(call)                                            \
  do {                                                           \
    CK_RV rv = (call);                                           \
    if (rv != CKR_OK) {                                          \
      fprintf(stderr, "%s: 0x%lx\n", #call, (unsigned long)rv);  \
      exit(1);                                                   \
    }                                                            \
  } while (0)

enum { PLAINTEXT = 32, TAG = 16, IV = 12 };

static double seconds_of(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec / 1e6; }

static double wall_time(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_time(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

static CK_SLOT_ID find_slot(CK_FUNCTION_LIST_PTR p11, const char *label) {
  CK_SLOT_ID slots[64];
  CK_ULONG count = 64;
  REQUIRE(p11->C_GetSlotList(CK_TRUE, slots, &count));
  for (CK_ULONG i = 0; i < count; i++) {
    CK_TOKEN_INFO info;
    if (p11->C_GetTokenInfo(slots[i], &info) != CKR_OK) continue;
    size_t length = strlen(label);
    if (memcmp(info.label, label, length) == 0 && info.label[length] == ' ') return slots[i];
  }
  fprintf(stderr, "no token %s\n", label);
  exit(1);
}

int main(int argc, char **argv) {
  if (argc != 6) return 2;
  char pin[256];
  if (!fgets(pin, sizeof pin, stdin)) return 2;
  pin[strcspn(pin, "\n")] = 0;
  void *module = dlopen(argv[1], RTLD_NOW);
  if (!module) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  CK_C_GetFunctionList get_function_list;
  *(void **)&get_function_list = dlsym(module, "C_GetFunctionList");
  CK_FUNCTION_LIST_PTR p11;
  REQUIRE(get_function_list(&p11));
  REQUIRE(p11->C_Initialize(NULL));
  CK_SESSION_HANDLE session;
  REQUIRE(p11->C_OpenSession(find_slot(p11, argv[2]), CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
  REQUIRE(p11->C_Login(session, CKU_USER, (CK_UTF8CHAR_PTR)pin, strlen(pin)));

  CK_OBJECT_HANDLE key;
  CK_ULONG found;
  CK_ATTRIBUTE label = {CKA_LABEL, argv[3], strlen(argv[3])};
  REQUIRE(p11->C_FindObjectsInit(session, &label, 1));
  REQUIRE(p11->C_FindObjects(session, &key, 1, &found));
  REQUIRE(p11->C_FindObjectsFinal(session));
  if (found != 1) return fprintf(stderr, "no key %s\n", argv[3]), 1;

  CK_BYTE iv[IV] = {0}, aad[64] = {1}, plaintext[PLAINTEXT] = {7}, ciphertext[PLAINTEXT + TAG], opened[PLAINTEXT + TAG];
  CK_GCM_PARAMS gcm = {iv, IV, IV * 8, aad, sizeof aad, TAG * 8};
  CK_MECHANISM mechanism = {CKM_AES_GCM, &gcm, sizeof gcm};
  const int encrypts = strcmp(argv[4], "encrypt") == 0;
  const double seconds = atof(argv[5]);
  CK_ULONG length = sizeof ciphertext;
  REQUIRE(p11->C_EncryptInit(session, &mechanism, key));
  REQUIRE(p11->C_Encrypt(session, plaintext, PLAINTEXT, ciphertext, &length));

  const double started = wall_time(), cpu = cpu_time();
  unsigned long operations = 0;
  for (; operations % 64 != 0 || wall_time() - started < seconds; operations++) {
    if (encrypts) {
      memcpy(iv, &operations, sizeof operations);
      length = sizeof ciphertext;
      REQUIRE(p11->C_EncryptInit(session, &mechanism, key));
      REQUIRE(p11->C_Encrypt(session, plaintext, PLAINTEXT, ciphertext, &length));
    }
    CK_ULONG opened_length = sizeof opened;
    REQUIRE(p11->C_DecryptInit(session, &mechanism, key));
    REQUIRE(p11->C_Decrypt(session, ciphertext, length, opened, &opened_length));
  }
  printf("%lu %f %f\n", operations, wall_time() - started, cpu_time() - cpu);
  return 0;
}
