#define LIST(F) F(none, 0) F(one, 1) \
	F(seven, 7)
#define DECLARE(name, number) NUMBER_##name = number,
enum number {
	LIST(DECLARE)
	NUMBER_LAST,
};
#undef DECLARE
#define DECLARE(name, number) OTHER_##name = number + 100,
enum other { LIST(DECLARE) };
#undef DECLARE
#undef LIST
#define LIST(F) int wrong;
