// options: -Wno-unused
int statements(int n, unsigned char small) {
  continue; // expect: OutsideLoop
  goto nowhere; // expect: UndefinedLabel
twice:
twice: // expect: LabelRedefined
  switch (n) {
  case 1:
  case 1: // expect: DuplicateCase
    break;
  default:
    break;
  default: // expect: DuplicateDefault
    break;
  case 9 ... 3: // expect: EmptyCaseRange
    break;
  case 1L << 40: // expect: CaseOutOfRange
    break;
  case 2.5: // expect: NotInteger
    break;
  }
  if (n = 1) // expect: AssignmentAsCondition
    return 1;
  return; // expect: ReturnWithoutValue
}
void returns_value(void) {
  return 1; // expect: ReturnFromVoid
}
void case_of_variable(int n) {
  switch (n) {
  case (n): // expect: NotConstant
    break;
  }
}
#define TEN(x) x x x x x x x x x x
int too_deep(int n) {
  return TEN(TEN(-~ -~ -~)) n; // expect: CodeTooDeep
}
