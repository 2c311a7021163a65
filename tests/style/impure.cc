#include "tests/style/impure.h"

#include <sys/socket.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <thread>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace quorate {

long ReadTime() {
  return std::chrono::steady_clock::now().time_since_epoch().count() +
         absl::ToUnixSeconds(absl::Now());
}

void Sleep() { absl::SleepFor(absl::Seconds(1)); }

unsigned TakeChance() { return std::random_device()(); }

void UseThreads() {
  std::thread([] {}).join();
}

bool ReadFile() { return std::ifstream("file").good(); }

int UseNetwork() { return socket(AF_INET, SOCK_STREAM, 0); }

void PrintToConsole(int number) { std::printf("%d\n", number); }

bool ReadEnvironment() { return std::getenv("HOME") != nullptr; }

}  // namespace quorate
