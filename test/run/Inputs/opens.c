// Opens a library, calls a function of it, and closes it, until the input ends.
#include <dlfcn.h>
#include <poll.h>
#include <stdio.h>

int main(void) {
  struct pollfd input = {0, POLLIN, 0};
  int right = 1;
  puts("ready");
  fflush(stdout);
  while (poll(&input, 1, 1) == 0) {
    void *library = dlopen("libm.so.6", RTLD_NOW);
    double (*cube_root)(double) = (double (*)(double))dlsym(library, "cbrt");
    right &= cube_root(27) > 2.99 && cube_root(27) < 3.01;
    dlclose(library);
  }
  puts(right ? "all roots were right" : "a root was wrong");
  return 0;
}
