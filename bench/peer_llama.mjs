// llama.cpp's side of compare.py, through the npm package node-llama-cpp: one run, one line of JSON on stdout.
//
// usage: node peer_llama.mjs FOLDER bench MODEL THREADS PREFILL,... DECODE SESSIONS REPEATS
//        node peer_llama.mjs FOLDER start MODEL THREADS PROMPT CONTEXT
// FOLDER holds node_modules. `start` prints as soon as it has the first token.
import {existsSync, readFileSync} from "node:fs";
import {join} from "node:path";
import {pathToFileURL} from "node:url";

const [folder, mode, path, threadsText, ...rest] = process.argv.slice(2);
const threads = Number(threadsText);

function median(values) {
  const sorted = [...values].sort((a, b) => a - b), n = sorted.length;
  return n % 2 === 1 ? sorted[(n - 1) / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

// Seconds that `work` takes.
async function seconds(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1e3;
}

// Ordinary tokens that differ from seed to seed: Gemma's vocabulary begins with those of control and of bytes.
function tokensOf(model, n, seed) {
  const size = model.fileInfo.metadata.tokenizer.ggml.tokens.length, first = Math.min(1000, size >> 1);
  return Array.from({length: n}, (_, i) => first + ((i + 1) * 7919 + seed * 104729) % (size - first));
}

async function prefillSeconds(sequence, tokens) {
  await sequence.clearHistory();
  return seconds(() => sequence.evaluateWithoutGeneratingNewTokens(tokens));
}

// `n` tokens of each sequence, the likeliest each time; one step is ahead of the clock.
async function decodeSeconds(model, sequences, n, seed) {
  const streams = [];
  for (const [i, sequence] of sequences.entries()) {
    await sequence.clearHistory();
    streams.push(sequence.evaluate(tokensOf(model, 1, seed + i), {temperature: 0, yieldEogToken: true}));
  }
  const step = () => Promise.all(streams.map((stream) => stream.next()));
  await step();
  const time = await seconds(async () => { for (let i = 0; i < n; ++i) await step(); });
  await Promise.all(streams.map((stream) => stream.return()));
  return time;
}

async function bench(model, [prefillText, decodeText, sessionsText, repeatsText]) {
  const lengths = prefillText.split(",").map(Number), decode = Number(decodeText), nSessions = Number(sessionsText);
  const repeats = Number(repeatsText), contextSize = Math.max(...lengths, decode + 2) + 8;
  const options = {contextSize, batchSize: 512, threads, sequences: nSessions, flashAttention: true};
  const context = await model.createContext(options);
  const sequences = Array.from({length: nSessions}, () => context.getSequence());
  const prefill = {};
  for (const n of lengths) {
    const times = [];
    for (let r = 0; r <= repeats; ++r) times.push(await prefillSeconds(sequences[0], tokensOf(model, n, r)));
    prefill[n] = n / median(times.slice(1));  // the first brings the weights into memory
  }
  const times = [];
  for (let r = 0; r <= repeats; ++r) times.push(await decodeSeconds(model, sequences, decode, r));
  return {prefill, decode: decode * nSessions / median(times.slice(1))};
}

async function start(model, [prompt, contextText]) {
  const options = {contextSize: Number(contextText), batchSize: 512, threads, flashAttention: true};
  const context = await model.createContext(options);
  const bos = model.tokens.bos, tokens = [...(bos === null ? [] : [bos]), ...model.tokenize(prompt)];
  for await (const token of context.getSequence().evaluate(tokens, {temperature: 0, yieldEogToken: true}))
    return {tokens: tokens.length, token};
}

async function main() {
  const packageFolder = join(folder, "node_modules", "node-llama-cpp"), about = join(packageFolder, "package.json");
  if (!existsSync(about)) throw new Error(`${packageFolder}: not there`);
  const {version, main: entry} = JSON.parse(readFileSync(about, "utf8"));
  const {getLlama} = await import(pathToFileURL(join(packageFolder, entry)).href);
  const llama = await getLlama({gpu: false, build: "never", maxThreads: threads, logLevel: "error"});
  const model = await llama.loadModel({modelPath: path, useMmap: true});
  return {version, ...await (mode === "start" ? start : bench)(model, rest)};
}

try {
  console.log(JSON.stringify(await main()));
  process.exit(0);
} catch (error) {
  console.error(`peer_llama: ${error.message}`);
  process.exit(1);
}
