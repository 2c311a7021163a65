#include "tools/quorate/table.h"

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "tools/quorate/console.h"

namespace quorate::tools {
namespace {

// Characters, not bytes: continuation bytes of UTF-8 take no room.
size_t WidthOf(absl::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  });
}

std::string Line(const std::vector<std::string>& cells,
                 const std::vector<size_t>& widths) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    line += cells[i];
    if (i + 1 == cells.size()) break;
    line.append(widths[i] - WidthOf(cells[i]) + 2, ' ');
  }
  return line;
}

}  // namespace

void Table::Add(std::vector<std::string> cells) {
  QUORATE_CHECK(cells.size() == heads_.size());
  for (std::string& cell : cells) {
    if (cell.empty()) cell.assign(1, '-');
  }
  rows_.push_back({.cells = std::move(cells)});
}

void Table::PaintLast(Colour colour) {
  rows_.back().painted = true;
  rows_.back().colour = colour;
}

void Table::Print(const Console& console) const {
  std::vector<size_t> widths;
  for (const std::string& head : heads_) widths.push_back(WidthOf(head));
  for (const Row& row : rows_) {
    for (size_t i = 0; i < row.cells.size(); ++i) {
      widths[i] = std::max(widths[i], WidthOf(row.cells[i]));
    }
  }
  console.out << console.Paint(Colour::kBold, Line(heads_, widths)) << "\n";
  for (const Row& row : rows_) {
    const std::string line = Line(row.cells, widths);
    console.out << (row.painted ? console.Paint(row.colour, line) : line)
                << "\n";
  }
}

void PrintPairs(const Console& console,
                const std::vector<std::pair<std::string, std::string>>& pairs) {
  size_t width = 0;
  for (const auto& [name, value] : pairs) {
    width = std::max(width, WidthOf(name));
  }
  for (const auto& [name, value] : pairs) {
    console.out << name << std::string(width - WidthOf(name) + 2, ' ')
                << (value.empty() ? "-" : value) << "\n";
  }
}

}  // namespace quorate::tools
