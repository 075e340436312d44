// Runs on the browser's audio thread: gathers samples into pieces of 16 bits and hands them to the page.
const kPiece = 2048;

registerProcessor(
  'samples',
  class extends AudioWorkletProcessor {
    #piece = new Int16Array(kPiece);
    #filled = 0;

    process([[channel]]) {
      for (const sample of channel ?? []) {
        this.#piece[this.#filled++] = Math.max(-1, Math.min(1, sample)) * 32767;
        if (this.#filled < kPiece) continue;
        this.port.postMessage(this.#piece);
        this.#piece = new Int16Array(kPiece);
        this.#filled = 0;
      }
      return true;
    }
  },
);
