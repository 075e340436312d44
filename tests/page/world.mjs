// What every test of the page needs: a server of its own with the built-in model, a browser, and pages that tell what
// went wrong in them.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = process.env.FACET ?? path.join(root, 'build/release/facet');
const kStart = 20_000; // milliseconds that a server may take to listen

function free_port() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** A server with a home of its own, which can be stopped and started again at the same address. */
export class Server {
  #child = null;

  static async start(...flags) {
    const server = new Server();
    server.home = await mkdtemp(path.join(os.tmpdir(), 'facet-page-'));
    server.port = await free_port();
    server.url = `http://127.0.0.1:${server.port}`;
    server.flags = flags;
    await server.start();
    return server;
  }

  async start() {
    const pages = process.env.PAGE_FILES ? ['--page-files', process.env.PAGE_FILES] : [];
    const args = ['serve', '--port', String(this.port), '--only', '-m', 'nano', ...pages, ...this.flags];
    this.#child = spawn(program, args, {
      env: { ...process.env, FACET_HOME: this.home },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    this.#child.stderr.on('data', (data) => {
      said += data;
    });
    for (const end = Date.now() + kStart; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
      if (
        await fetch(`${this.url}/health`).then(
          (reply) => reply.ok,
          () => false,
        )
      )
        return;
      if (this.#child.exitCode !== null || Date.now() > end) throw new Error(`facet serve did not start: ${said}`);
    }
  }

  async stop(signal = 'SIGKILL') {
    if (!this.#child || this.#child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill(signal);
    await gone;
  }

  async end() {
    await this.stop();
    await rm(this.home, { recursive: true, force: true });
  }

  async json(method, where, body) {
    const reply = await fetch(this.url + where, { method, body: body && JSON.stringify(body) });
    const text = await reply.text();
    return { status: reply.status, body: text ? JSON.parse(text) : null };
  }
}

/** For a file of tests: {server, browser} before them, both ended after them. */
export function world(...flags) {
  const held = {};
  before(async () => {
    held.server = await Server.start(...flags);
    await held.server.json('PUT', '/page/settings', { defaults: { temperature: 0 } }); // the same answers each time
    held.browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--use-fake-device-for-media-stream',
        '--use-fake-ui-for-media-stream',
        '--autoplay-policy=no-user-gesture-required',
      ],
    });
  });
  after(async () => {
    await held.browser?.close();
    await held.server?.end();
  });

  /** A conversation with one message of the user; its id. */
  held.make = async (title, text) => {
    const { body } = await held.server.json('POST', '/page/conversations', { title });
    await held.server.json('PUT', `/page/conversations/${body.id}/messages/${body.id}m`, {
      id: `${body.id}m`,
      parent: null,
      role: 'user',
      state: 'done',
      content: [{ type: 'text', text }],
    });
    return body.id;
  };

  /** A page of a fresh context at a hash; problems gathers what went wrong in it, requests what it asked for. */
  held.open = async (hash = '', { wide = true, theme = 'light', language = 'en-GB', init, ...options } = {}) => {
    const viewport = wide ? { width: 1280, height: 800 } : { width: 390, height: 844 };
    const context = await held.browser.newContext({
      viewport,
      colorScheme: theme,
      locale: language,
      permissions: ['clipboard-read', 'clipboard-write', 'camera', 'microphone'],
      ...options,
    });
    return held.tab(context, hash, init);
  };

  /** A further tab of a browser: what the tabs of one context share is theirs. */
  held.tab = async (context, hash = '', init = null) => {
    const page = await context.newPage();
    page.problems = [];
    page.requests = [];
    page.on('pageerror', (error) => page.problems.push(error.message));
    page.on(
      'console',
      (message) =>
        message.type() === 'error' &&
        /Content.Security|Refused/i.test(message.text()) &&
        page.problems.push(message.text()),
    );
    page.on('request', (request) => page.requests.push(request.url()));
    if (init) await page.addInitScript(init.script, init.value);
    await page.goto(`${held.server.url}/${hash}`);
    await page.locator('main').waitFor();
    return page;
  };
  return held;
}

/** Types a message and sends it. */
export async function say(page, text) {
  await page.locator('#composer').fill(text);
  await page.keyboard.press('Enter');
}

/** Chooses files in the dialog that a button opens. */
export async function choose(page, files, button = 'Add files') {
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: button }).click(),
  ]);
  await chooser.setFiles(files);
}

/** The last answer, when it is written. */
export async function answer(page) {
  await page.locator('.messages[aria-busy=false]').waitFor();
  return page.locator('.message.assistant').last();
}

/**
 * Plays a model: replies of /v1/chat/completions come from `scripts`, one after the other; each is a list of deltas.
 * For addInitScript.
 */
export function play({ scripts, pause = 0 }) {
  const real = globalThis.fetch;
  let next = 0;
  globalThis.asked = [];
  globalThis.fetch = async (where, options) => {
    if (!String(where).endsWith('/v1/chat/completions')) return real(where, options);
    globalThis.asked.push(JSON.parse(options.body));
    const deltas = scripts[Math.min(next++, scripts.length - 1)];
    const encoder = new TextEncoder();
    const data = (value) => encoder.encode(`data: ${JSON.stringify(value)}\n\n`);
    const body = new ReadableStream({
      async start(stream) {
        options.signal?.addEventListener('abort', () => stream.error(new DOMException('stopped', 'AbortError')));
        const begin = performance.now();
        for (const [index, delta] of deltas.entries()) {
          const wait = begin + index * pause - performance.now();
          if (pause && wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
          stream.enqueue(
            data({ choices: [{ index: 0, delta: typeof delta === 'string' ? { content: delta } : delta }] }),
          );
        }
        const calls = deltas.some((delta) => delta.tool_calls);
        stream.enqueue(data({ choices: [{ index: 0, delta: {}, finish_reason: calls ? 'tool_calls' : 'stop' }] }));
        stream.enqueue(
          data({
            choices: [],
            usage: { prompt_tokens: 20, completion_tokens: deltas.length, prompt_tokens_details: { cached_tokens: 5 } },
          }),
        );
        stream.enqueue(encoder.encode('data: [DONE]\n\n'));
        stream.close();
      },
    });
    return new Response(body, { status: 200, headers: { 'Content-Type': 'text/event-stream' } });
  };
}

/** Options for open() that let a script play the model. */
export const played = (...scripts) => ({ init: { script: play, value: { scripts } } });

/** The text of what a click lets the browser download. */
export async function downloaded(page, click) {
  const [download] = await Promise.all([page.waitForEvent('download'), click()]);
  const chunks = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  return { name: download.suggestedFilename(), text: Buffer.concat(chunks).toString('utf8') };
}
