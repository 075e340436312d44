// Asks the model for the next message of a conversation, shows it as it comes, and stores it: while it grows, and at
// its end.
import { explain } from '../lib/errors.js';
import { report } from '../lib/toast.js';
import { model_named } from '../models/library.js';
import { new_id } from './conversation.js';
import { request_messages, request_options } from './request.js';
import { figures, short_usage, stream_reply } from './stream.js';
import { have_results, run_calls } from './tools.js';
import { branch, text_of } from './tree.js';

const kDrawEvery = 60; // milliseconds: faster than reading, slower than the tokens of a fast machine
const kAliveEvery = 4000; // milliseconds between signs of life of an answer that does not grow
const kSaveEvery = 2000; // milliseconds between stores of an answer that grows
const kRounds = 8; // of calls that the page makes by itself for one question

function drawn(message, reply, base) {
  const text = base + reply.text;
  return {
    ...message,
    content: text ? [{ type: 'text', text }] : [],
    thought: reply.thought || message.thought || '',
    calls: reply.calls.length ? reply.calls.map((call) => ({ ...call })) : message.calls,
    usage: short_usage(reply.usage) ?? message.usage,
    timing: { ...figures(reply), at: Date.now() / 1000 },
    live: { tokens: reply.deltas, thought: reply.thought_deltas },
  };
}

/** Of a save; a conversation that was deleted elsewhere needs none. */
const report_unless_gone = (error) => error.kind === 'missing' || report(error);

/** Draws and saves an answer that grows, neither more often than need be. */
class Progress {
  #drawn_at = 0;
  #saved_at = performance.now();
  #timer = 0;

  constructor(conversation, message, base) {
    Object.assign(this, { conversation, message, base });
  }

  changed(reply) {
    this.reply = reply;
    const wait = this.#drawn_at + kDrawEvery - performance.now();
    if (wait <= 0) this.draw();
    else this.#timer ||= setTimeout(() => this.draw(), wait);
  }

  draw() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#drawn_at = performance.now();
    if (!this.reply) return;
    this.message = drawn(this.message, this.reply, this.base);
    this.conversation.put(this.message);
    if (this.#drawn_at - this.#saved_at >= kSaveEvery) this.#save();
  }

  #save() {
    this.#saved_at = performance.now();
    this.conversation.save(this.message.id).catch(report_unless_gone);
  }

  /** While no token comes nothing changes, but other tabs have to see that someone waits. */
  alive() {
    if (performance.now() - this.#saved_at < kAliveEvery) return;
    this.message = { ...this.message, timing: { ...this.message.timing, at: Date.now() / 1000 } };
    this.conversation.put(this.message);
    this.#save();
  }

  /** reason: why it ended, when it was not the model's own end: length, stopped, offline ... */
  async end({ reason, ...part }) {
    this.draw();
    const { live: _, ...message } = { ...this.message, ...part, timing: { ...this.message.timing, reason } };
    if (this.reply?.logprobs.length && !this.base) message.logprobs = this.reply.logprobs;
    this.message = message;
    this.conversation.put(message);
    await this.conversation.save(message.id).catch(report_unless_gone);
  }
}

/** The model that the picker shows; undefined for the server's first. */
const model_of = ({ settings }) => settings.model || model_named('')?.name;

async function body_for(conversation, parent, last) {
  const messages = branch(conversation.messages, parent);
  const body = {
    model: model_of(conversation),
    messages: await request_messages(last ? [...messages, last] : messages, conversation.settings.system),
    ...request_options(conversation.settings),
  };
  if (last)
    Object.assign(body, {
      continue_final_message: true,
      add_generation_prompt: false,
      reasoning_effort: 'none',
      logprobs: undefined,
      top_logprobs: undefined,
    });
  return body;
}

/** Writes one message; gives it, or null when it did not come to its end. */
async function write(conversation, message, signal, continued = false) {
  conversation.writing.add(message.id);
  const progress = new Progress(conversation, message, continued ? text_of(message) : '');
  const alive = setInterval(() => progress.alive(), 1000);
  let ended;
  try {
    conversation.put(message);
    const body = await body_for(conversation, message.parent, continued && message);
    const reply = await stream_reply(body, { signal, on_change: (now) => progress.changed(now) });
    progress.reply = reply;
    ended = { state: 'done', reason: reply.finish };
  } catch (error) {
    const stopped = error.name === 'AbortError';
    ended = { state: stopped ? 'stopped' : 'failed', error: stopped ? undefined : explain(error), reason: error.kind };
  }
  clearInterval(alive);
  await progress.end(ended);
  conversation.writing.delete(message.id);
  conversation.changed();
  return ended.state === 'done' ? progress.message : null;
}

async function answer_below(conversation, parent, signal) {
  for (let round = 0; !signal.aborted; ++round) {
    const message = {
      id: new_id(),
      parent,
      role: 'assistant',
      content: [],
      thought: '',
      model: model_of(conversation),
      state: 'writing',
      created_at: Date.now() / 1000,
    };
    await conversation.add(message);
    const written = await write(conversation, message, signal);
    if (!written?.calls?.length || !(await make_calls(conversation, written.id, round + 1 === kRounds))) return;
    parent = written.id;
  }
}

/** Makes the calls of a message that the page can make; whether all have a result now, and the model may go on. */
async function make_calls(conversation, id, is_last) {
  const message = conversation.messages.get(id);
  const calls = await run_calls(message.calls);
  const complete = have_results(calls);
  const timing = complete && is_last ? { ...message.timing, reason: 'rounds' } : message.timing;
  conversation.put({ ...message, calls, timing });
  await conversation.save(id).catch(report_unless_gone);
  return complete && !is_last;
}

/** An answer below a message, and further ones while the model's calls can be made by the page. */
export const answer = (conversation, parent) =>
  conversation.answering((signal) => answer_below(conversation, parent, signal));

/** The user's result of a call; when it was the last one missing, the model goes on. */
export function give_result(conversation, id, call_id, result) {
  if (conversation.awaits_answer) return undefined;
  return conversation.answering(async (signal) => {
    const message = conversation.messages.get(id);
    const calls = message.calls.map((call) => (call.id === call_id ? { ...call, result } : call));
    conversation.put({ ...message, calls });
    await conversation.save(id).catch(report_unless_gone);
    if (have_results(calls)) await answer_below(conversation, id, signal);
  });
}

/** The user's message, and its answer; throws when the message itself could not be stored. */
export function ask(conversation, content, parent = conversation.leaf) {
  return conversation.answering(async (signal) => {
    const message = { id: new_id(), parent, role: 'user', content, state: 'done', created_at: Date.now() / 1000 };
    await conversation.add(message);
    await answer_below(conversation, message.id, signal).catch(report);
  });
}

/** Goes on with an answer that was stopped or cut short, or below calls that have their results. */
export function continue_answer(conversation, id) {
  if (conversation.awaits_answer) return undefined;
  const { error: _, ...message } = conversation.messages.get(id);
  if (message.state === 'done' && have_results(message.calls)) return answer(conversation, id);
  if (!text_of(message)) return answer(conversation, message.parent);
  return conversation.answering(async (signal) => {
    const written = await write(conversation, { ...message, state: 'writing', logprobs: undefined }, signal, true);
    const has_new = written?.calls?.length && written.calls !== message.calls;
    if (has_new && (await make_calls(conversation, id, false))) await answer_below(conversation, id, signal);
  });
}

/** A further version of an answer, in the user's words; what the model says next follows it. */
export function reword(conversation, id, text) {
  const { timing: _, logprobs: __, error: ___, ...kept } = conversation.messages.get(id);
  const content = [{ type: 'text', text }];
  const message = { ...kept, id: new_id(), content, state: 'done', created_at: Date.now() / 1000 };
  return conversation.hold(() => conversation.add(message));
}
