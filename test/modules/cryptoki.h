// PKCS#11 as pkcs11js declares it, in the headers with which pkcs11js itself is compiled.
#ifndef CRYPTOKI_H
#define CRYPTOKI_H

#define CK_PTR *
#define CK_DEFINE_FUNCTION(returned, name) returned name
#define CK_DECLARE_FUNCTION(returned, name) returned name
#define CK_DECLARE_FUNCTION_POINTER(returned, name) returned(*name)
#define CK_CALLBACK_FUNCTION(returned, name) returned(*name)
#include <pkcs11/pkcs11.h>

#endif
