// A branch of a conversation as the body of POST /v1/chat/completions: what any program could send.
import { media_parts } from '../media/parts.js';
import { declared_tools } from './tools.js';
import { text_of } from './tree.js';

const kNumbers = ['temperature', 'top_p', 'top_k', 'min_p', 'seed', 'max_tokens', 'repetition_penalty'];

async function user_message(message) {
  const parts = await media_parts(message.content);
  const text = text_of(message);
  return { role: message.role, content: parts.length ? [...parts, { type: 'text', text }] : text };
}

function assistant_messages(message) {
  const calls = message.calls ?? [];
  const answer = { role: 'assistant', content: text_of(message) };
  if (calls.length) {
    answer.tool_calls = calls.map(({ id, name, arguments: given }) => ({
      id,
      type: 'function',
      function: { name, arguments: given },
    }));
    if (message.thought) answer.reasoning_content = message.thought;
  }
  const results = calls.map(({ id, result }) => ({ role: 'tool', tool_call_id: id, content: result ?? '' }));
  return [answer, ...results];
}

/** What was said so far, in the API's words. */
export async function request_messages(messages, system) {
  const list = system?.trim() ? [{ role: 'system', content: system }] : [];
  for (const message of messages) {
    if (message.role === 'assistant') list.push(...assistant_messages(message));
    else list.push(await user_message(message));
  }
  return list;
}

/** The fields of a request that a conversation's settings stand for; throws SyntaxError where a schema is no JSON. */
export function request_options(settings) {
  const options = {};
  for (const name of kNumbers)
    if (settings[name] !== null && settings[name] !== undefined && settings[name] !== '')
      options[name] = Number(settings[name]);
  options.reasoning_effort = !settings.thinking || settings.thinking === 'off' ? 'none' : settings.thinking;
  if (settings.schema?.trim())
    options.response_format = {
      type: 'json_schema',
      json_schema: { name: 'answer', schema: JSON.parse(settings.schema) },
    };
  const tools = declared_tools(settings);
  if (tools.length) options.tools = tools;
  if (settings.probabilities) Object.assign(options, { logprobs: true, top_logprobs: 5 });
  return options;
}
