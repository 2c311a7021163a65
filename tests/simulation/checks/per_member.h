// PerMember: what a check remembers of each member, by its index.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_PER_MEMBER_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_PER_MEMBER_H_

#include <cstddef>
#include <deque>

namespace quorate::simulation {

template <typename T>
class PerMember {
 public:
  // Grows on demand; references stay valid.
  T& operator[](int index) {
    const auto at = static_cast<size_t>(index);
    if (at >= items_.size()) items_.resize(at + 1);
    return items_[at];
  }

  auto begin() { return items_.begin(); }
  auto end() { return items_.end(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }

 private:
  std::deque<T> items_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_PER_MEMBER_H_
