// Files to and from the user's disk.

/** Lets the browser save a text or blob under a name. */
export function save_file(name, content, type = 'text/plain') {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  const anchor = Object.assign(document.createElement('a'), { href: url, download: name });
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Asks for files; an empty list when the user changes his mind. */
export function pick_files(accept = '', multiple = true) {
  return new Promise((resolve) => {
    const input = Object.assign(document.createElement('input'), { type: 'file', accept, multiple });
    input.addEventListener('change', () => resolve([...input.files]));
    input.addEventListener('cancel', () => resolve([]));
    input.click();
  });
}

/** A title as a file name that every system takes. */
export const file_name = (title, ending) =>
  `${
    title
      .replace(/[^\p{L}\p{N} _-]+/gu, '')
      .trim()
      .slice(0, 60) || 'facet'
  }.${ending}`;

/** The name of what is made now: camera-2026-01-31T120000.jpg */
export const stamped_name = (what, ending) =>
  `${what}-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.${ending}`;

export function data_url(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
