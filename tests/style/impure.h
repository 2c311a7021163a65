// What a pure layer must not do, one function for each kind: purity_self_test
// expects purity.py to refuse every one of them. Nobody calls these.

#ifndef QUORATE_TESTS_STYLE_IMPURE_H_
#define QUORATE_TESTS_STYLE_IMPURE_H_

namespace quorate {

long ReadTime();
void Sleep();
unsigned TakeChance();
void UseThreads();
bool ReadFile();
int UseNetwork();
void PrintToConsole(int number);
bool ReadEnvironment();

}  // namespace quorate

#endif  // QUORATE_TESTS_STYLE_IMPURE_H_
