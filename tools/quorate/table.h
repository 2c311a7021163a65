// Table: rows of words, aligned for people.

#ifndef QUORATE_TOOLS_QUORATE_TABLE_H_
#define QUORATE_TOOLS_QUORATE_TABLE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "tools/quorate/console.h"

namespace quorate::tools {

class Table {
 public:
  explicit Table(std::vector<std::string> heads) : heads_(std::move(heads)) {}

  // REQUIRES: as many cells as there are heads. An empty one shows as "-".
  void Add(std::vector<std::string> cells);
  // Colours the last row added, if the console has colours.
  void PaintLast(Colour colour);

  // Columns are as wide as their widest cell; the last one is not padded.
  void Print(const Console& console) const;

 private:
  struct Row {
    std::vector<std::string> cells;
    bool painted = false;
    Colour colour = Colour::kBold;
  };

  std::vector<std::string> heads_;
  std::vector<Row> rows_;
};

// Names and values, one a line, values aligned.
void PrintPairs(const Console& console,
                const std::vector<std::pair<std::string, std::string>>& pairs);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_TABLE_H_
