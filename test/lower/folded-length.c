// RUN: %spile build --emit=ir -O0 %s | FileCheck %s
// Without it, a length made of `const` variables would ignore what its casts cut away.
const int n = 300;

int cut(void)
{
	char a[(unsigned char)n];

	return sizeof a;
}
// CHECK: 44

int whole(void)
{
	char a[(short)n + 1];

	return sizeof a;
}
// CHECK: 301
