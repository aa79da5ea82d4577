/* Byte order of the network; as functions of glibc they are builtins of the compiler here. */
#ifndef _ARPA_INET_H
#define _ARPA_INET_H 1

#include <netinet/in.h>

#endif
