// One streamed reply of /v1/chat/completions, gathered: text, thought, calls, probabilities, figures.
import { request } from '../lib/api.js';
import { ApiError } from '../lib/errors.js';
import { event_data } from '../lib/events.js';

/** [text, log-probability, [[text, log-probability]...]]: short names, as there is one for each token. */
const compact = ({ token, logprob, top_logprobs = [] }) => {
  const round = (value) => Math.round(value * 1000) / 1000;
  return [token, round(logprob), top_logprobs.map((other) => [other.token, round(other.logprob)])];
};

function add_calls(calls, deltas) {
  for (const { index = 0, id, function: part = {} } of deltas) {
    calls[index] ??= { id, name: '', arguments: '' };
    calls[index].name += part.name ?? '';
    calls[index].arguments += part.arguments ?? '';
  }
}

function take_delta(reply, { delta = {}, logprobs, finish_reason }) {
  reply.text += delta.content ?? '';
  reply.thought += delta.reasoning_content ?? '';
  if (delta.tool_calls) add_calls(reply.calls, delta.tool_calls);
  if (logprobs?.content) reply.logprobs.push(...logprobs.content.map(compact));
  if (delta.content || delta.reasoning_content || delta.tool_calls) {
    reply.first_at ??= performance.now();
    ++reply.deltas;
  }
  if (delta.reasoning_content) ++reply.thought_deltas;
  if (finish_reason) reply.finish = finish_reason;
}

/** Asks, and calls on_change(reply) with each piece; gives the whole. */
export async function stream_reply(body, { signal, on_change = () => {} } = {}) {
  const reply = {
    text: '',
    thought: '',
    calls: [],
    logprobs: [],
    deltas: 0,
    thought_deltas: 0,
    started_at: performance.now(),
    first_at: null,
    finish: null,
    usage: null,
  };
  const response = await request('/v1/chat/completions', {
    method: 'POST',
    signal,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
  });
  try {
    for await (const data of event_data(response)) {
      if (data === '[DONE]') break;
      const chunk = JSON.parse(data);
      if (chunk.error) throw new ApiError('server', chunk.error.message);
      for (const choice of chunk.choices ?? []) take_delta(reply, choice);
      if (chunk.usage) reply.usage = chunk.usage;
      on_change(reply);
    }
  } catch (error) {
    if (error.name === 'AbortError' || error instanceof ApiError) throw error;
    throw new ApiError('offline', error.message);
  }
  if (!reply.finish) throw new ApiError('offline', 'the answer ended early');
  return reply;
}

const kBurst = 0.05; // seconds: an answer that came in less tells nothing of the time between its tokens

/** The figures of a turn: seconds to the first token, tokens a second, and what was computed. */
export function figures(reply) {
  const now = performance.now();
  const first = reply.first_at ?? now;
  const tokens = reply.usage?.completion_tokens ?? reply.deltas;
  const seconds = (now - reply.started_at) / 1000;
  const writing = (now - first) / 1000;
  const rate = writing > kBurst ? (tokens - 1) / writing : tokens / seconds;
  return { first: (first - reply.started_at) / 1000, seconds, tokens_per_second: tokens > 1 ? rate : null };
}

/** {prompt, cached, completion, thought} of the API's usage. */
export const short_usage = (usage) =>
  usage && {
    prompt: usage.prompt_tokens,
    cached: usage.prompt_tokens_details?.cached_tokens ?? 0,
    completion: usage.completion_tokens,
    thought: usage.completion_tokens_details?.reasoning_tokens ?? 0,
  };
