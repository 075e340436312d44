// Messages as clients send them -> messages as the chat format can write them: results know their calls, calls their
// arguments, and thoughts are where the model expects its own. What the templates get wrong is mended here, in the
// messages (spec chat 3.6); the renderer stays what the templates are.
#pragma once

#include "server/request.h"

namespace facet::server {

// Throws ApiError naming the place. Idempotent.
// - developer becomes system; function becomes tool
// - arguments in JSON text become objects, none an empty one
// - every call has an id that no other call of the conversation has, and every result the id of its call: the one it
//   names, else the first without a result that has its name, else the first without one. Clients alter ids, so
//   letters and digits alone are compared.
// - a result that is no text becomes JSON text
// - an answer with text and calls becomes two messages, as the model wrote it
// - thoughts stay in the rounds of calls that are still going on and go from all before (in_tool_round()), unless
//   `keeps_thoughts`
Json prepare_messages(const Json& messages, bool keeps_thoughts = false);

// The first message of the round of calls that the conversation is in: behind the last message of the user that does
// not stand right behind a result, where some clients put notes of their own.
size_t round_begin(const Json& messages);

// Prepared messages as Gemma 3 can have them: system messages but for the first are the user's, neighbours of one role
// are one message, texts are one text, and the user speaks first.
Json fit_gemma3(const Json& messages);

// Declarations whose schemas the chat format can write (spec chat 5.4): references are put in place, alternatives
// become one type, and what has no type gets the one it looks like. The grammar of calls uses the schemas as they came.
Json prepare_tools(const Json& tools);

}  // namespace facet::server
