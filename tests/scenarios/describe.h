// How a scenario shows a member: one line of status, its log, a record.

#ifndef QUORATE_TESTS_SCENARIOS_DESCRIBE_H_
#define QUORATE_TESTS_SCENARIOS_DESCRIBE_H_

#include <string>

#include "coord/consensus/record.h"
#include "tests/scenarios/stage.h"

namespace quorate::scenarios {

// "1 leader epoch=2 log=2:5 commit=2:5 v1 {1 2 3}"
std::string DescribeStatus(Stage& stage, int member);

// "2:5 hello", "2:0 NEWLEADER", "2:6 v3 {1 2 3}".
std::string DescribeRecord(const consensus::Record& record);

}  // namespace quorate::scenarios

#endif  // QUORATE_TESTS_SCENARIOS_DESCRIBE_H_
