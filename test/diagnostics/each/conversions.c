// options: -Wconversion -Wno-sign-conversion
// As clang has it: what a value can be counts, and not only its type.
int values_that_fit(unsigned long wide, unsigned char byte, int flag) {
  int upper = wide >> 33, lower = wide >> 31; // expect: Shorten64To32
  char bit = (1 << 3) & wide ? 1 : 0, quotient = byte / 2, remainder = wide % 100;
  unsigned char sum = byte + byte, product = byte * byte, masked = wide & 255;
  unsigned short joined = byte << 8; // expect: ImplicitTruncation
  byte = wide >> 8; // expect: ImplicitTruncation
  byte = flag ? byte : quotient;
  byte = flag ? byte : upper; // expect: ImplicitTruncation
  return lower + bit + remainder + sum + product + masked + joined + byte;
}
