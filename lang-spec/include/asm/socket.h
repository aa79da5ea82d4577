/* Of Linux, by generate-uapi.py. */
#include <asm-generic/socket.h>
