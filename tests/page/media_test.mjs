// Pictures, sound and files: by button, paste, drop, camera and microphone; what the model will see of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, choose, played, say, world } from './world.mjs';

const held = world();

/** Hands a red picture to the page by an event of drag and drop, or of the clipboard. */
const hand = (page, how) =>
  page.evaluate(async (kind) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 300, height: 200 });
    const pen = canvas.getContext('2d');
    pen.fillStyle = 'red';
    pen.fillRect(0, 0, 300, 200);
    const blob = await new Promise((resolve) => {
      canvas.toBlob(resolve);
    });
    const data = new DataTransfer();
    data.items.add(new File([blob], 'red.png', { type: 'image/png' }));
    const composer = document.querySelector('#composer');
    if (kind === 'paste')
      composer.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    else
      for (const name of ['dragover', 'drop'])
        composer.dispatchEvent(new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true }));
  }, how);

/** One second of a tone, as a WAV file. */
function tone() {
  const rate = 16_000;
  const file = Buffer.alloc(44 + rate * 2);
  file.write('RIFF', 0);
  file.writeUInt32LE(36 + rate * 2, 4);
  file.write('WAVEfmt ', 8);
  [
    [16, 4],
    [1, 2],
    [1, 2],
    [rate, 4],
    [rate * 2, 4],
    [2, 2],
    [16, 2],
  ].reduce((at, [value, size]) => file.writeUIntLE(value, at, size), 16);
  file.write('data', 36);
  file.writeUInt32LE(rate * 2, 40);
  for (let index = 0; index < rate; ++index) file.writeInt16LE(Math.round(8000 * Math.sin(index / 6)), 44 + index * 2);
  return { name: 'tone.wav', mimeType: 'audio/wav', buffer: file };
}

for (const how of ['paste', 'drop']) {
  test(`a picture comes by ${how}, with a preview, and is sent to the model`, async () => {
    const page = await held.open('', played(['red']));
    await hand(page, how);
    await page.getByText(/300×200 → \d+×\d+ · \d+ tokens/).waitFor();
    await say(page, 'What colour?');
    await page.getByText('red', { exact: true }).waitFor();
    const { content } = await page.evaluate(() => globalThis.asked[0].messages.at(-1));
    assert.match(content[0].image_url.url, /^data:image\/png;base64,/);
    assert.equal(content[1].text, 'What colour?');
    await page.locator('.message.user .picture img').waitFor();
  });
}

test('the budget of a picture changes what the model sees, and is asked for', async () => {
  const page = await held.open('', played(['red']));
  await hand(page, 'paste');
  await page.getByText(/→/).waitFor();
  await page.getByLabel('Tokens for this picture').selectOption('280');
  const tokens = async () => Number(/· (\d+) tokens/.exec(await page.locator('.attachment').innerText())?.[1]);
  await page.waitForFunction(
    () => Number(/· (\d+) tokens/.exec(document.querySelector('.attachment').innerText)?.[1]) > 140,
  );
  assert.ok((await tokens()) <= 280);
  await page.getByRole('button', { name: 'Show red.png' }).click();
  await page.getByLabel('As the model sees it').check();
  await page.waitForFunction(() => document.querySelector('.viewed').naturalWidth > 300);
  assert.ok(
    page.requests.some((url) => url.endsWith('/seen?budget=280&model=nano')),
    'the model that will look',
  );
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await say(page, 'What colour?');
  await page.getByText('red', { exact: true }).waitFor();
  assert.equal(await page.evaluate(() => globalThis.asked[0].messages.at(-1).content[0].image_url.detail), '280');
});

test('the real model looks at a picture', async () => {
  const page = await held.open();
  await hand(page, 'drop');
  await page.locator('.attachment .picture img').waitFor();
  await say(page, 'What colour is the shape?');
  await page.locator('.message.assistant .markdown').waitFor();
  await page.locator('.messages[aria-busy=false]').waitFor();
  assert.match(await page.locator('.figures').innerText(), /tokens/);
});

test('a sound file is played, and sent to the model', async () => {
  const page = await held.open('', played(['a tone']));
  await choose(page, tone());
  await page.locator('.attachment audio').waitFor();
  await say(page, 'What is this?');
  await page.getByText('a tone').waitFor();
  const [part] = await page.evaluate(() => globalThis.asked[0].messages.at(-1).content);
  assert.deepEqual(
    [part.type, part.input_audio.format, part.input_audio.data.slice(0, 6)],
    ['input_audio', 'wav', 'UklGRi'],
  );
});

test('files that are offered when one adds some', async () => {
  const page = await held.open();
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: 'Add files' }).click(),
  ]);
  const kinds = (await chooser.element().evaluate((input) => input.accept)).split(',');
  for (const kind of ['image/*', 'audio/*', 'video/*', '.pdf', '.docx', '.txt', '.md'])
    assert.ok(kinds.includes(kind), kind);
});

test('a text file is sent as a file', async () => {
  const page = await held.open('', played(['read']));
  await choose(page, { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('buy milk') });
  await page.locator('.attachment', { hasText: 'notes.txt' }).waitFor();
  await say(page, 'What do I need?');
  await page.getByText('read', { exact: true }).waitFor();
  const [part] = await page.evaluate(() => globalThis.asked[0].messages.at(-1).content);
  assert.deepEqual([part.type, part.file.filename], ['file', 'notes.txt']);
});

/** A PDF of empty pages. */
function pdf(pages) {
  const kids = Array.from({ length: pages }, (_, index) => `${index + 3} 0 R`).join(' ');
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${kids}] /Count ${pages} >>`,
    ...Array(pages).fill('<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 300] >>'),
  ];
  const body = objects.map((text, index) => `${index + 1} 0 obj ${text} endobj\n`).join('');
  return Buffer.from(`%PDF-1.4\n${body}trailer << /Root 1 0 R /Size ${objects.length + 1} >>\n%%EOF\n`);
}

test('pages of a PDF are shown to the model, as many as the user wants', async () => {
  const page = await held.open();
  await choose(page, { name: 'paper.pdf', mimeType: 'application/pdf', buffer: pdf(3) });
  await page.locator('.attachment', { hasText: '/ 3' }).waitFor();
  const pages = page.getByLabel('Pages', { exact: false }).and(page.locator('input'));
  await pages.fill('2');
  await pages.blur();
  for (const wrong of ['0', '', '4', '1.5']) {
    await pages.fill(wrong);
    await pages.blur();
    await page.getByText('Choose a page count from 1 to 3.').waitFor();
    assert.equal(await pages.inputValue(), '2');
  }
  const [reply] = await Promise.all([
    page.waitForResponse((response) => response.url().endsWith('/v1/chat/completions')),
    say(page, 'What is on it?'),
  ]);
  assert.equal(reply.status(), 200);
  assert.deepEqual(
    reply
      .request()
      .postDataJSON()
      .messages.at(-1)
      .content.map(({ type }) => type),
    ['image_url', 'image_url', 'text'],
  );
  await answer(page);
  const id = new URL(page.url()).hash.split('/').at(-1);
  const { body } = await held.server.json('GET', `/page/conversations/${id}`);
  assert.equal(body.messages[0].content[0].pages, 2, 'kept, for the next turn and another tab');
});

test('a machine without camera and microphone is told so', async () => {
  const page = await held.open('', {
    init: {
      script: () => {
        navigator.mediaDevices.getUserMedia = async () => {
          throw new DOMException('none', 'NotFoundError');
        };
      },
    },
  });
  await page.getByRole('button', { name: 'Record sound' }).click();
  await page.getByText('There is no microphone.').waitFor();
  await page.getByRole('button', { name: 'Take a picture' }).click();
  await page.getByText('There is no camera.').waitFor();
});

test('a microphone whose samples cannot be read is let go of', async () => {
  const page = await held.open('', { init: { script: slow_permission } });
  await page.evaluate(() => {
    AudioWorklet.prototype.addModule = () => Promise.reject(new Error('no module'));
  });
  await page.getByRole('button', { name: 'Record sound' }).click();
  assert.deepEqual(await tracks(page, 1), ['ended']);
  await page.locator('.toast.error', { hasText: 'no module' }).waitFor();
});

/** Lets the browser ask for the microphone until globalThis.allow(); what was given is in globalThis.streams. */
function slow_permission() {
  const devices = navigator.mediaDevices;
  const real = devices.getUserMedia.bind(devices);
  const allowed = new Promise((resolve) => {
    globalThis.allow = resolve;
  });
  globalThis.streams = [];
  devices.getUserMedia = async (wanted) => {
    await allowed;
    const stream = await real(wanted);
    globalThis.streams.push(stream);
    return stream;
  };
}

/** The states of all tracks of the microphone, a moment after it was allowed. */
const tracks = async (page, count) => {
  await page.evaluate(() => globalThis.allow());
  await page.waitForFunction((wanted) => globalThis.streams.length === wanted, count);
  await page.waitForTimeout(500);
  return page.evaluate(() => globalThis.streams.flatMap((stream) => stream.getTracks().map((it) => it.readyState)));
};

test('the microphone is off when the page was left before the user allowed it', async () => {
  const page = await held.open('', { init: { script: slow_permission } });
  await page.getByRole('button', { name: 'Record sound' }).dblclick();
  await page.evaluate(() => {
    location.hash = '#/settings';
  });
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  assert.deepEqual(await tracks(page, 1), ['ended']);
});

for (const how of ['Stop', 'leaving']) {
  test(`listening that has not begun is ended by ${how}`, async () => {
    const page = await held.open('#/transcribe', { init: { script: slow_permission } });
    await page.getByRole('button', { name: 'Listen to the microphone' }).click();
    await page.waitForTimeout(500); // the socket is open, the permission is not given
    if (how === 'Stop') await page.getByRole('button', { name: 'Stop listening' }).click();
    else
      await page.evaluate(() => {
        location.hash = '#/settings';
      });
    assert.deepEqual(await tracks(page, 1), ['ended']);
    if (how === 'Stop') await page.getByRole('button', { name: 'Listen to the microphone' }).waitFor();
    assert.equal(await page.locator('.note.bad').count(), 0);
  });
}

test('a server that ends the session while the user is asked is told, and the microphone stays off', async () => {
  const page = await held.open('#/transcribe', { init: { script: slow_permission } });
  await page.routeWebSocket('**/v1/realtime**', (socket) => {
    socket.onMessage(() => {
      socket.send(JSON.stringify({ type: 'error', error: { message: 'no ears today' } }));
      socket.close();
    });
  });
  await page.getByRole('button', { name: 'Listen to the microphone' }).click();
  await page.getByText('no ears today').waitFor();
  await page.getByRole('button', { name: 'Listen to the microphone' }).waitFor();
  assert.deepEqual(await tracks(page, 1), ['ended']);
});

test('a picture that is still shown stays, however many come after it', async () => {
  const page = await held.open();
  const id = await page.evaluate(async () => {
    const send = async (method, where, body) => (await fetch(where, { method, body })).json();
    const content = [];
    for (let index = 0; index < 64; ++index) {
      const canvas = Object.assign(document.createElement('canvas'), { width: 8, height: 8 + index });
      const blob = await new Promise((resolve) => {
        canvas.toBlob(resolve);
      });
      const medium = await send('POST', `/page/media?name=${index}.png`, blob);
      content.push({ type: 'media', media: medium.id, kind: 'image', name: `${index}.png` });
    }
    const made = await send('POST', '/page/conversations', '{"title": "many"}');
    await send('POST', `/page/conversations/${made.id}/messages`, JSON.stringify({ role: 'user', content }));
    return made.id;
  });
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `#/c/${id}`);
  await page.waitForFunction(() => document.querySelectorAll('.picture img').length === 64);
  await page.waitForTimeout(300);
  const lost = await page.locator('.picture img').evaluateAll(async (all) => {
    const again = all.map(({ src }) => Object.assign(new Image(), { src: `${src}#again` }).decode());
    return (await Promise.allSettled(again)).filter(({ status }) => status === 'rejected').length;
  });
  assert.equal(lost, 0);
});

test('the camera gives a picture', async () => {
  const page = await held.open();
  await page.getByRole('button', { name: 'Take a picture' }).click();
  await page.getByRole('dialog').locator('.primary:enabled').click();
  await page.locator('.attachment .picture img').waitFor();
  await page.getByText(/×.*→/).waitFor();
});

test('the microphone gives a sound file', async () => {
  const page = await held.open();
  await page.getByRole('button', { name: 'Record sound' }).click();
  await page.getByText('0:01').waitFor();
  await page.getByRole('button', { name: 'End the recording' }).click();
  const audio = page.locator('.attachment audio');
  await audio.waitFor();
  await page.waitForFunction(() => document.querySelector('.attachment audio').duration > 0.8);
});

test('an attachment can be taken away again', async () => {
  const page = await held.open();
  await choose(page, { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('x') });
  await page.getByRole('button', { name: 'Remove notes.txt' }).click();
  assert.equal(await page.locator('.attachment').count(), 0);
});

const text_file = (name) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(name) });
const kUpload = /\/page\/media\?name=/;

/** Lets uploads wait until what it gives is called; they fail where fails(request). */
async function held_uploads(page, fails = () => false) {
  let release;
  const released = new Promise((resolve) => {
    release = resolve;
  });
  await page.route(kUpload, async (route) => {
    await released;
    if (fails(route.request())) await route.fulfill({ status: 500, json: { error: { message: 'no luck' } } });
    else await route.continue();
  });
  return release;
}

test('Enter while files are on their way sends the message with all of them', async () => {
  const page = await held.open('', played(['read both']));
  const release = await held_uploads(page);
  await choose(page, [text_file('one.txt'), text_file('two.txt')]);
  await page.locator('.attachment').nth(1).waitFor();
  await say(page, 'Read these');
  await page.locator('.send[aria-busy=true][title="Sent when the files are there"]').waitFor();
  release();
  await page.getByText('read both').waitFor();
  const content = await page.evaluate(() => globalThis.asked[0].messages.at(-1).content);
  assert.deepEqual(
    content.map((part) => part.file?.filename ?? part.text),
    ['one.txt', 'two.txt', 'Read these'],
  );
});

test('a message whose first file did not arrive waits for the user', async () => {
  const page = await held.open('', played(['read']));
  const release = await held_uploads(page, (request) => request.url().includes('one.txt'));
  await choose(page, [text_file('one.txt'), text_file('two.txt')]);
  await say(page, 'Read these');
  await page.locator('.send[aria-busy=true]').waitFor();
  release();
  await page.getByText('one.txt: no luck').waitFor();
  await page.locator('.attachment', { hasText: 'two.txt · ' }).waitFor();
  await page.locator('.send[aria-busy=false]:enabled').waitFor();
  await page.waitForTimeout(300);
  assert.equal(await page.locator('#composer').inputValue(), 'Read these');
  assert.deepEqual(await page.evaluate(() => globalThis.asked), []);
});

test('writing on takes back the Enter that waits for a file', async () => {
  const page = await held.open('', played(['read']));
  const release = await held_uploads(page);
  await choose(page, text_file('one.txt'));
  await say(page, 'Read');
  await page.locator('.send[aria-busy=true]').waitFor();
  await page.locator('#composer').pressSequentially(' it');
  await page.locator('.send[aria-busy=false]').waitFor();
  release();
  await page.locator('.send:enabled').waitFor();
  await page.waitForTimeout(300);
  assert.deepEqual(await page.evaluate(() => globalThis.asked), []);
  assert.equal(await page.locator('#composer').inputValue(), 'Read it');
});

test('a file that is taken away while it waits for another is not sent', async () => {
  const page = await held.open();
  const release = await held_uploads(page);
  await choose(page, [text_file('one.txt'), text_file('two.txt')]);
  await page.getByRole('button', { name: 'Remove two.txt' }).click();
  release();
  await page.locator('.attachment', { hasText: 'one.txt · ' }).waitFor();
  await page.waitForTimeout(300);
  assert.equal(page.requests.filter((url) => kUpload.test(url)).length, 1);
});

const go = (page, hash) => page.evaluate((to) => (location.hash = to), hash);

/** Leaves the chat while the file one.txt is on its way; gives what lets it arrive. */
async function leave_while_sending(page, fails) {
  const release = await held_uploads(page, fails);
  await choose(page, text_file('one.txt'));
  await go(page, '#/settings');
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  return release;
}

test('a file that arrives while another page is looked at is there when one comes back', async () => {
  const page = await held.open();
  const release = await leave_while_sending(page);
  const arrived = page.waitForResponse(kUpload);
  release();
  await arrived;
  await go(page, '#/chat');
  await page.locator('.attachment', { hasText: 'one.txt · ' }).waitFor();
  assert.equal(await page.locator('.attachment').count(), 1);
});

test('a file that is still on its way when one comes back is shown, and goes with the message', async () => {
  const page = await held.open('', played(['read']));
  const release = await leave_while_sending(page);
  await go(page, '#/chat');
  await page.locator('.attachment[aria-busy=true]', { hasText: 'one.txt' }).waitFor();
  await say(page, 'Read it');
  await page.locator('.send[aria-busy=true]').waitFor();
  release();
  await page.getByText('read', { exact: true }).waitFor();
  const content = await page.evaluate(() => globalThis.asked[0].messages.at(-1).content);
  assert.deepEqual(
    content.map((part) => part.file?.filename ?? part.text),
    ['one.txt', 'Read it'],
  );
  assert.equal(await page.locator('.attachment').count(), 0);
});

test('a file that fails after one came back is told, and the message waits for the user', async () => {
  const page = await held.open('', played(['read']));
  const release = await leave_while_sending(page, () => true);
  await go(page, '#/chat');
  await say(page, 'Read it');
  await page.locator('.send[aria-busy=true]').waitFor();
  release();
  await page.getByText('one.txt: no luck').waitFor();
  await page.locator('.send[aria-busy=false]:enabled').waitFor();
  assert.equal(await page.locator('#composer').inputValue(), 'Read it');
  assert.deepEqual(await page.evaluate(() => globalThis.asked), []);
});
