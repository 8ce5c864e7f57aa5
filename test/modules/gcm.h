// The dialects of AES-GCM: where the IV comes from, and the layout of CK_GCM_PARAMS.
#ifndef GCM_H
#define GCM_H

#include "cryptoki.h"
#include "faults.h"

// Calls `init`, C_EncryptInit or C_DecryptInit of the real module, with CKM_AES_GCM in the planned dialect. In every
// dialect, the real module gets an IV and parameters of PKCS#11 2.40.
CK_RV gcm_init(const plan *plan, CK_C_EncryptInit init, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
               CK_OBJECT_HANDLE key);

// Gives the caller the IV that was generated for it, after C_Encrypt. `room` is the size of `output`.
CK_RV gcm_deliver_iv(CK_SESSION_HANDLE session, CK_BYTE_PTR output, CK_ULONG_PTR length, CK_ULONG room);

#endif
