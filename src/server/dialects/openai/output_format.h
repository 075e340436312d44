// What an answer has to be: response_format, text.format, and the extensions grammar, regex, guided_*.
#pragma once

#include "server/json_reading.h"
#include "server/request.h"

namespace facet::server {

// {type: text | json_object | json_schema | regex | grammar}; a schema in json_schema.schema, or beside the type.
OutputFormat read_format(const Fields& format);
// response_format, or one of the extensions; two of them are an error.
OutputFormat read_response_format(const Fields& body);

}  // namespace facet::server
