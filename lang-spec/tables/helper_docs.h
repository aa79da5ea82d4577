// What each helper does, in a sentence: helper_docs.def.
#pragma once

#include <string_view>

#include "lang-spec/tables/tables.h"

namespace spile::tables {

std::string_view doc_of(const Helper &helper);

}  // namespace spile::tables
