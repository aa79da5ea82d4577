/* Another kernel's types: members moved, became larger, went away; one record has two flavours. */
enum state { ADDED, RUNNING = 7 };
struct inner { long before; unsigned char small; int moved; };
struct thing { long a, b, c; union { int other; unsigned int moved; }; struct inner in[4]; short narrow; unsigned int bits : 3, flag : 5; };
struct thing thing;
enum state state;
