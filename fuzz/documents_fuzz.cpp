// link: facet_documents
#include <cstdint>
#include <cstdlib>

#include "base/error.h"
#include "documents/document.h"
#include "documents/wordprocessing.h"

namespace {

using namespace facet::documents;

void require(bool holds) {
  if (!holds) std::abort();
}

void split_and_join(Format format, const std::string& bytes) {
  const auto document = split(format, bytes, "fuzz");
  std::vector<Pieces> pieces;
  for (const Segment& segment : document->segments()) {
    require(keeps_marks(segment, segment.pieces));
    pieces.push_back(segment.pieces);
  }
  require(document->join(pieces) == bytes);
  for (Pieces& segment : pieces)
    for (Piece& piece : segment)
      if (piece.mark == 0) piece.text = "*<new> & \"words\"\n| \\";
  (void)document->join(pieces);
}

}  // namespace

// The first byte chooses the format, the rest is the document: what is given back unchanged has its bytes, and new
// words can be put in. Choice 6 is the XML of a DOCX without the archive around it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string bytes(data + 1, data + size);
  try {
    const int choice = data[0] % 7;
    if (choice < 6) split_and_join(static_cast<Format>(choice), bytes);
#ifdef FACET_DOCUMENTS
    if (choice == 6) (void)split_wordprocessing(bytes, "fuzz");
#endif
  } catch (const facet::FormatError&) {
  } catch (const facet::ResourceError&) {
  }
  return 0;
}
