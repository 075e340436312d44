// One conversation in this tab: its messages, the branch that is shown, its settings; kept in step with the server and
// other tabs.
import { api } from '../lib/api.js';
import { send, unsent, withdraw } from '../lib/outbox.js';
import { settings } from '../lib/settings.js';
import { Store } from '../lib/store.js';
import { branch, children, newest_leaf, title_of } from './tree.js';

export const new_id = () =>
  crypto.randomUUID?.() ??
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** A message whose writer has been silent for this long, in seconds, is not being written any more. */
const kSilence = 12;

export class Conversation extends Store {
  id = null;
  title = '';
  version = 0;
  leaf = null;
  messages = new Map();
  settings = { ...settings.value.defaults };
  /** Ids of the answers that this tab is writing. */
  writing = new Set();
  #creating = null;
  #held = 0;
  #n_holds = 0; // since the beginning
  #running = new Set(); // AbortControllers of work that ends in an answer
  #untold = {}; // changes that the server does not know
  #telling = Promise.resolve();

  static async open(id) {
    const conversation = new Conversation();
    conversation.take(await api.conversation(id));
    return conversation;
  }

  get branch() {
    return branch(this.messages, this.leaf);
  }

  get busy() {
    return this.#running.size > 0;
  }

  /** Whether the answer at the end is being written, here or elsewhere. */
  get awaits_answer() {
    const last = this.messages.get(this.leaf);
    return this.busy || Boolean(last && this.is_growing(last));
  }

  /**
   * Takes the server's state, unless it has a newer one; messages that did not change stay the same objects, so that
   * they are not drawn again.
   */
  take(data) {
    if (data.version < this.version) return;
    const messages = new Map();
    const waiting = unsent(data.id);
    for (const message of [...data.messages, ...waiting]) {
      const known = this.messages.get(message.id);
      const ours = this.writing.has(message.id) || (known && JSON.stringify(known) === JSON.stringify(message));
      messages.set(message.id, ours ? known : message);
    }
    for (const id of this.writing) messages.set(id, this.messages.get(id));
    Object.assign(this, { id: data.id, title: data.title, version: data.version, messages });
    this.settings = { ...settings.value.defaults, ...data.settings };
    this.#look_again();
    // The server knows nothing of what waits: neither that it is shown here, nor that it stands below what is shown.
    if (!waiting.some((message) => message.id === this.leaf))
      this.leaf = messages.has(data.leaf) ? newest_leaf(messages, data.leaf) : ([...messages.keys()].at(-1) ?? null);
    this.changed();
  }

  /** An answer that another tab was writing may turn out to be left alone. */
  #look_again() {
    if (![...this.messages.values()].some((message) => this.is_growing(message))) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.changed(), (kSilence + 1) * 1000);
  }

  /** The page goes away: what came of answers is stored as it is. */
  leave() {
    for (const id of this.writing) {
      const message = this.messages.get(id);
      api
        .put_message(
          this.id,
          { ...message, state: 'failed', timing: { ...message.timing, reason: 'offline' } },
          { keepalive: true },
        )
        .catch(() => {});
    }
  }

  /** Takes what is new on the server; not while this tab changes something itself. */
  async refresh() {
    if (!this.id || this.#held) return;
    const n_holds = this.#n_holds;
    const data = await api.conversation(this.id);
    if (this.#n_holds === n_holds) this.take(data);
  }

  /** Runs work during which this tab's state counts, not the server's. */
  async hold(work) {
    ++this.#held;
    ++this.#n_holds;
    try {
      return await work();
    } finally {
      if (--this.#held === 0) this.refresh().catch(() => {});
    }
  }

  /** Runs work that ends in an answer: until then the conversation is busy. It gets the signal of stop(). */
  async answering(work) {
    const controller = new AbortController();
    this.#running.add(controller);
    try {
      return await this.hold(() => work(controller.signal));
    } finally {
      this.#running.delete(controller);
      this.changed();
    }
  }

  /** Makes it on the server with the first message. */
  async create(first) {
    if (this.id) return;
    this.#creating ??= api.create_conversation({ title: title_of(first), settings: this.settings });
    const made = await this.#creating;
    this.id = made.id;
    this.title ||= made.title ?? '';
    this.changed();
  }

  /** Shows a message, new or changed, without storing it. */
  put(message) {
    this.messages.set(message.id, message);
    this.changed();
  }

  /** Stores a message as it is now. */
  async save(id) {
    await send(this.id, this.messages.get(id));
  }

  /** Shows and stores a new message; one that cannot be stored goes again, with the error. */
  async add(message) {
    const before = this.leaf;
    this.messages.set(message.id, message);
    this.leaf = message.id;
    this.changed();
    try {
      await this.create(message);
      await this.save(message.id);
    } catch (error) {
      if (this.id) withdraw(this.id, message.id);
      this.messages.delete(message.id);
      if (this.leaf === message.id) this.leaf = before;
      this.#creating = this.id ? this.#creating : null;
      this.changed();
      throw error;
    }
  }

  /** For each message of the branch, its versions: {index, ids}. */
  get versions() {
    const of = children(this.messages);
    const versions = new Map();
    for (const { id, parent } of this.branch) {
      const ids = of.get(this.messages.has(parent) ? parent : null);
      versions.set(id, { index: ids.indexOf(id), ids });
    }
    return versions;
  }

  /** Shows the branch through a message. */
  async show(id) {
    this.leaf = newest_leaf(this.messages, id);
    this.changed();
    await this.#tell({ leaf: this.leaf });
  }

  /** One change after the other; those that come while one is on its way go together. */
  async #tell(part) {
    if (!this.id) return;
    Object.assign(this.#untold, part);
    const told = this.#telling.then(async () => {
      const all = this.#untold;
      this.#untold = {};
      if (Object.keys(all).length) await api.change_conversation(this.id, all);
    });
    this.#telling = told.catch(() => {});
    await this.hold(() => told);
  }

  async change(part) {
    if (part.settings) this.settings = { ...this.settings, ...part.settings };
    const { settings: _, ...rest } = part;
    Object.assign(this, rest);
    this.changed();
    await this.#tell(part.settings ? { ...rest, settings: this.settings } : rest);
  }

  stop() {
    for (const controller of this.#running) controller.abort();
  }

  /** Whether an answer is being written, here or elsewhere. */
  is_growing(message) {
    if (this.writing.has(message.id)) return true;
    return message.state === 'writing' && Date.now() / 1000 - (message.timing?.at ?? message.created_at) < kSilence;
  }
}
