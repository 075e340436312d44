// Makes docs/page/*.png: each page at desktop and phone width, light and dark. What models say in them is written by
// hand, to show its form.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { play, Server } from './world.mjs';

const out = fileURLToPath(new URL('../../docs/page', import.meta.url));
const kSizes = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

const kAnswer = `Binary search finds a value in a **sorted** list by halving what is left:

1. Look at the middle.
2. If it is the value, you are done.
3. Otherwise go on in the half that can hold it.

\`\`\`python
def find(values, wanted):
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low if low < len(values) and values[low] == wanted else None
\`\`\`

Each step halves $n$, so it takes $\\lceil \\log_2 (n+1) \\rceil$ steps:

| values | steps |
|---:|---:|
| 1,000 | 10 |
| 1,000,000 | 20 |
`;

const text = (words) => [{ type: 'text', text: words }];
const kMessages = [
  {
    id: 'u1',
    parent: null,
    role: 'user',
    content: text('How does binary search work? Show it in Python, and say how fast it is.'),
  },
  {
    id: 'a1',
    parent: 'u1',
    role: 'assistant',
    thought: 'A short explanation, code, and the number of steps.',
    content: text(kAnswer),
    usage: { prompt: 31, cached: 12, completion: 214, thought: 58 },
    timing: { first: 0.21, seconds: 6.2, tokens_per_second: 34.2 },
  },
  { id: 'u2', parent: 'a1', role: 'user', content: text('And what is 2^20 exactly?') },
  {
    id: 'a2',
    parent: 'u2',
    role: 'assistant',
    content: [],
    calls: [{ id: 'c1', name: 'calculate', arguments: '{"expression": "2^20"}', result: '1048576', seconds: 0.002 }],
    usage: { prompt: 290, cached: 276, completion: 18, thought: 0 },
    timing: { first: 0.09, seconds: 0.6, tokens_per_second: 35.1 },
  },
  {
    id: 'a3',
    parent: 'a2',
    role: 'assistant',
    content: text('2²⁰ is **1,048,576**, a little more than a million.'),
    usage: { prompt: 310, cached: 308, completion: 14, thought: 0 },
    timing: { first: 0.06, seconds: 0.5, tokens_per_second: 34.8 },
  },
];

async function seed(server) {
  for (const title of ['Trip to Lisbon', 'Unit tests for the parser', 'Bread with seeds', 'Letter to the landlord']) {
    await server.json('POST', '/page/conversations', { title });
  }
  const { body } = await server.json('POST', '/page/conversations', { title: 'Binary search, explained' });
  for (const message of kMessages)
    await server.json('PUT', `/page/conversations/${body.id}/messages/${message.id}`, { state: 'done', ...message });
  await server.json('POST', '/v1/chat/completions', { messages: [{ role: 'user', content: 'Hi' }] });
  return body.id;
}

async function translate(page) {
  await page.locator('textarea').fill('Good morning! The train to Lyon leaves at ten past eight, from platform 3.');
  await page.locator('.primary').click();
  await page.getByText('Bonjour').waitFor();
}

async function dashboard(page) {
  for (let turn = 0; turn < 5; ++turn) {
    await page.evaluate(() =>
      fetch('/v1/chat/completions', {
        method: 'POST',
        body: '{"messages": [{"role": "user", "content": "Hello, who are you?"}], "max_tokens": 200, "ignore_eos": true}',
      }),
    );
    await page.waitForTimeout(900);
  }
}

const top = (page) =>
  page.locator('.scroller').evaluate((node) => {
    node.scrollTop = 0;
  });
const panel = (page) => page.keyboard.press('Control+.');

/** name: [hash, what is done there] */
const shots = (id) => ({
  welcome: ['#/chat'],
  chat: [`#/c/${id}`, top],
  'chat-settings': [`#/c/${id}`, panel],
  models: ['#/models'],
  dashboard: ['#/dashboard', dashboard],
  settings: ['#/settings'],
  translate: ['#/translate', translate],
  transcribe: ['#/transcribe'],
  summarise: ['#/summarise'],
  classify: ['#/classify'],
  ocr: ['#/ocr'],
});

async function take(browser, server, name, [hash, act], theme, size) {
  const context = await browser.newContext({ viewport: kSizes[size], colorScheme: theme, locale: 'en-GB' });
  const page = await context.newPage();
  if (name === 'translate')
    await page.addInitScript(play, {
      scripts: [['Bonjour ! Le train pour Lyon part à huit heures dix, de la voie 3.']],
    });
  await page.goto(`${server.url}/${hash}`);
  await page.locator('main:not([aria-busy])').waitFor();
  await page.waitForTimeout(400);
  await act?.(page);
  await page.waitForTimeout(600);
  await page.screenshot({ path: path.join(out, `${name}-${size}-${theme}.png`) });
  await context.close();
}

const server = await Server.start();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  await mkdir(out, { recursive: true });
  const all = shots(await seed(server));
  for (const [name, shot] of Object.entries(all)) {
    for (const theme of ['light', 'dark'])
      for (const size of Object.keys(kSizes)) await take(browser, server, name, shot, theme, size);
  }
} finally {
  await browser.close();
  await server.end();
}
