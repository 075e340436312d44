# facet_embed_files(TARGET FOLDER FUNCTION HEADER): every file below FOLDER, but for hidden ones, becomes a part of TARGET.
# HEADER declares `std::span<const EmbeddedFile> FUNCTION() noexcept` of facet::server. The assembler copies the files
# into read-only data, which is mapped with the program: what nobody asks for is not read. A file that is added or
# changed makes the next build do this again.
function(facet_embed_files target folder function header)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${folder} ${folder}/*)
  list(FILTER files EXCLUDE REGEX "(^|/)[.]")
  list(SORT files)
  set(symbols "")
  set(table "")
  set(paths "")
  set(i 0)
  foreach(file IN LISTS files)
    set(symbol "facet_${function}_${i}")
    string(APPEND symbols
      "__asm__(\".pushsection .rodata\\n${symbol}_begin:\\n.incbin \\\"${folder}/${file}\\\"\\n${symbol}_end:\\n.byte 0\\n.popsection\\n\");\n"
      "extern \"C\" const char ${symbol}_begin[];\nextern \"C\" const char ${symbol}_end[];\n")
    string(APPEND table
      "    {\"${file}\", {${symbol}_begin, static_cast<size_t>(${symbol}_end - ${symbol}_begin)}},\n")
    list(APPEND paths "${folder}/${file}")
    math(EXPR i "${i} + 1")
  endforeach()
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${function}.cpp)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT "// Made by cmake/EmbedFiles.cmake.
#include \"@header@\"

@symbols@
namespace facet::server {

std::span<const EmbeddedFile> @function@() noexcept {
  static const EmbeddedFile files[] = {
@table@  };
  return files;
}

}  // namespace facet::server
")
  set_source_files_properties(${source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON OBJECT_DEPENDS "${paths}")
  target_sources(${target} PRIVATE ${source})
endfunction()
