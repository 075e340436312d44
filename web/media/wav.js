// Samples of 16 bits as a WAV file.

/** chunks: Int16Arrays of one channel. */
export function wav(chunks, rate) {
  const size = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const head = new DataView(new ArrayBuffer(44));
  const text = (at, letters) =>
    [...letters].forEach((letter, index) => head.setUint8(at + index, letter.charCodeAt(0)));
  text(0, 'RIFF');
  head.setUint32(4, 36 + size, true);
  text(8, 'WAVEfmt ');
  head.setUint32(16, 16, true);
  head.setUint16(20, 1, true); // PCM
  head.setUint16(22, 1, true); // channels
  head.setUint32(24, rate, true);
  head.setUint32(28, rate * 2, true);
  head.setUint16(32, 2, true); // bytes of a frame
  head.setUint16(34, 16, true); // bits of a sample
  text(36, 'data');
  head.setUint32(40, size, true);
  return new Blob([head, ...chunks], { type: 'audio/wav' });
}
