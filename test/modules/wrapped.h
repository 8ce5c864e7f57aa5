// The functions that can fail: all functions that a key manager may use. All others go directly to the real module.
#ifndef WRAPPED_H
#define WRAPPED_H

#define WRAPPED(X)      \
  X(C_Initialize)       \
  X(C_Finalize)         \
  X(C_GetInfo)          \
  X(C_GetSlotList)      \
  X(C_GetSlotInfo)      \
  X(C_GetTokenInfo)     \
  X(C_GetMechanismList) \
  X(C_GetMechanismInfo) \
  X(C_OpenSession)      \
  X(C_CloseSession)     \
  X(C_CloseAllSessions) \
  X(C_GetSessionInfo)   \
  X(C_Login)            \
  X(C_Logout)           \
  X(C_CreateObject)     \
  X(C_DestroyObject)    \
  X(C_GetAttributeValue) \
  X(C_FindObjectsInit)  \
  X(C_FindObjects)      \
  X(C_FindObjectsFinal) \
  X(C_EncryptInit)      \
  X(C_Encrypt)          \
  X(C_DecryptInit)      \
  X(C_Decrypt)          \
  X(C_GenerateKey)      \
  X(C_GenerateRandom)

#endif
