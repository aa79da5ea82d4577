/* Internet addresses: the kernel's own definitions, and the byte order of the network. */
#ifndef SPILE_NETINET_IN_H
#define SPILE_NETINET_IN_H 1 /* not as glibc calls it: linux/libc-compat.h would leave the types out */

#include <sys/socket.h>
#include <stdint.h>

typedef uint16_t in_port_t;
typedef uint32_t in_addr_t;

#include <linux/in.h>
#include <linux/in6.h>

#define SOL_IP 0
#define SOL_IPV6 41
#define SOL_ICMPV6 58

#define htons(x) ((uint16_t)__builtin_bswap16(x))
#define ntohs(x) ((uint16_t)__builtin_bswap16(x))
#define htonl(x) ((uint32_t)__builtin_bswap32(x))
#define ntohl(x) ((uint32_t)__builtin_bswap32(x))

#endif
